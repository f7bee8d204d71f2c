import { expect, test } from 'vitest'
import { directRun } from '../testing/direct-context.ts'
import { ToolScope } from './tool-scope.ts'

test('a cancelled scope opens nothing more', async () => {
  const { ctx, steps } = directRun()
  const scope = new ToolScope(ctx)
  expect(await scope.step('a', { effect: 'read' }, async () => 1)).toBe(1)
  scope.cancel('enough')
  expect(() => scope.step('b', { effect: 'read' }, async () => 1)).toThrow('cancelled: enough')
  expect(steps.map(({ name }) => name)).toEqual(['a'])
})
