import { expect, test } from 'vitest'
import { textSchema } from '../base/schema.ts'
import { define } from '../run/definition.ts'
import { directRun } from '../testing/direct-context.ts'
import { asTool } from './as-tool.ts'
import { runTools } from './run-tools.ts'

test('what takes a text is given one argument, since tools take objects', async () => {
  const shout = define({ name: 'shout', input: textSchema, run: async (_ctx, text: string) => text.toUpperCase() })
  const tool = asTool(shout, { description: 'Shouts.' })
  expect(tool.spec().inputSchema).toEqual({
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
  })
  const run = directRun()
  const calls = [{ input: 'boo' }, 'hey', { text: 'no' }].map((args, index) => ({
    id: `c${index}`,
    name: 'shout',
    arguments: args,
  }))
  const { results } = await runTools(run.ctx, [tool], calls)
  expect(results).toMatchObject([
    { result: 'BOO' },
    { result: 'HEY' },
    { result: { error: { code: 'tool.invalid_arguments' } } },
  ])
  expect(run.children.map(({ input }) => input)).toEqual(['boo', 'hey'])
})
