// Copied into a folder where meepo is installed. The first run of an agent with a tool, on the memory store.
const began = performance.now()
const { createMeepo, defineAgent, defineTool } = await import('meepo')
const { z } = await import('zod')
const importMs = performance.now() - began

const usage = { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, calls: 1 }
const answers = [
  {
    text: '',
    toolCalls: [{ id: 'c', name: 'add', arguments: { a: 1, b: 2 } }],
    finish: 'tool-calls',
    usage,
    model: 'm',
  },
  { text: 'done', toolCalls: [], finish: 'stop', usage, model: 'm' },
]
const add = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number() }),
  effect: 'read',
  run: ({ a, b }) => a + b,
})
const model = { id: 'fake:model', call: async () => answers.shift() }
const agent = defineAgent({ name: 'adder', instructions: 'Add numbers.', model, tools: [add] })
const meepo = await createMeepo({ store: 'memory' })
const { success, error } = await meepo.run(agent, 'go')
const ms = performance.now()
if (!success) throw new Error(JSON.stringify(error))
await meepo.stop()
process.stdout.write(JSON.stringify({ ms, importMs, rssMb: process.memoryUsage.rss() / 1e6 }))
