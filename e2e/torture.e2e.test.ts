// The short form of `npm run torture`: enough to see that it runs and that nothing obvious broke.
import { expect, test } from 'vitest'
import { torture } from './torture/short.ts'

test('ten kills lose nothing and double nothing', () => {
  const { status, output } = torture('--kills', '10')
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('the same harness fails when a step that must not repeat is repeated after a crash', () => {
  const { status, output } = torture('--bug', 'unknown-retried')
  expect(output).toContain('an effect that must not repeat is made at most once')
  expect(status).toBe(1)
})
