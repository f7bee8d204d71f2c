import { expect, test } from 'vitest'
import { Previews, type Preview } from './previews.ts'

function listened(previews: Previews): { readonly heard: Preview[]; readonly stop: () => void } {
  const heard: Preview[] = []
  return { heard, stop: previews.listen('r', (preview) => heard.push(preview)) }
}

test('text that nobody announced or watches goes nowhere', () => {
  expect(new Previews().source('r', 1, 1, false)).toBeUndefined()
})

test('whoever comes late gets the text so far, then goes on with it', () => {
  const previews = new Previews()
  const send = previews.source('r', 1, 1, true)
  send?.('He')
  send?.('llo')
  const { heard } = listened(previews)
  send?.('!')
  expect(heard).toEqual([
    { step: 1, attempt: 1, offset: 0, text: 'Hello' },
    { step: 1, attempt: 1, offset: 5, text: '!' },
  ])
})

test('another attempt replaces the text of the first, and the text of old steps goes', () => {
  const previews = new Previews()
  previews.source('r', 1, 1, true)?.('old')
  previews.source('r', 1, 2, true)?.('new')
  expect(listened(previews).heard).toEqual([{ step: 1, attempt: 2, offset: 0, text: 'new' }])
  for (const step of [2, 3, 4, 5]) previews.source('r', step, 1, true)?.('more')
  expect(listened(previews).heard.map(({ step }) => step)).toEqual([2, 3, 4, 5])
})

test('a run that left is forgotten with its text', () => {
  const previews = new Previews()
  previews.source('r', 1, 1, true)?.('text')
  previews.forget('r')
  const { heard, stop } = listened(previews)
  expect(heard).toEqual([])
  stop()
  expect(previews.source('r', 2, 1, false)).toBeUndefined()
})

test('whoever comes late is told what waits, until it goes on or the run leaves', () => {
  const previews = new Previews()
  const heard: (string | undefined)[] = []
  const listen = (): void => previews.listen('r', ignoreText, ({ step, what }) => heard.push(`${step} ${what}`))()
  previews.waits('r', { step: 1, attempt: 1, what: 'limit' })
  previews.waits('r', { step: 2, attempt: 1, what: 'room' })
  previews.waits('other', { step: 1, attempt: 1, what: 'limit' })
  listen()
  expect(heard.splice(0)).toEqual(['1 limit', '2 room'])
  previews.waits('r', { step: 1, attempt: 1, what: undefined })
  listen()
  expect(heard.splice(0)).toEqual(['2 room'])
  previews.forget('r')
  listen()
  expect(heard).toEqual([])
})

function ignoreText(): void {}
