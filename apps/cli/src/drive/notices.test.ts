import type { MeepoError } from '@meepo/core'
import { expect, test } from 'vitest'
import { Notices } from './notices.ts'

test('what came before anybody listened is told, and everything once', () => {
  const notices = new Notices()
  const told: string[] = []
  notices.add({ code: 'store.failed', message: 'locked' })
  notices.listen(
    (text) => told.push(text),
    (error) => told.push(`leave: ${error.code}`),
  )
  notices.add({ code: 'store.failed', message: 'locked' })
  notices.add({ code: 'store.fenced', message: 'another engine' })
  expect(told).toEqual(['store.failed: locked', 'store.fenced: another engine'])
})

test('a store that cannot be written any more ends the process', () => {
  const notices = new Notices()
  const errors: MeepoError[] = []
  notices.listen(
    () => undefined,
    (error) => errors.push(error),
  )
  notices.add({ code: 'store.disk_full', message: 'no space' })
  expect(errors).toMatchObject([{ code: 'store.disk_full', message: 'no space' }])
})
