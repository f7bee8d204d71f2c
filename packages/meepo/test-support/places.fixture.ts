// A process that runs workflows, three at a time over all processes. Arguments: the file, and how many workflows it starts.

import { setTimeout as sleep } from 'node:timers/promises'
import { createMeepo, define, defineWorkflow } from '../src/index.ts'
import { anySchema } from './any-schema.ts'

const [store = '', count = '0'] = process.argv.slice(2)
const work = (ms: number) => (): Promise<unknown> => sleep(ms, null)
const part = define({ name: 'part', input: anySchema, run: (ctx) => ctx.step('part', { effect: 'read' }, work(30)) })
const body = define({
  name: 'placed',
  input: anySchema,
  uses: [part],
  run: async (ctx, index) => {
    await ctx.step('first', { effect: 'read' }, work(50))
    // It gives its place back, or keeps it.
    if (Number(index) % 3 === 0) await ctx.sleep(100)
    if (Number(index) % 3 === 1) await ctx.child(part, 'part', null)
    await ctx.step('last', { effect: 'read' }, work(50))
  },
})
const workflow = defineWorkflow({ graph: body })
const meepo = await createMeepo({
  store,
  workflows: [workflow],
  definitions: [part],
  maxConcurrentWorkflows: 3,
  models: { resolve: never },
  beatMs: 100,
  missedBeats: 5,
})
const ids = Array.from({ length: Number(count) }, (_, index) => index)
await Promise.all(ids.map((index) => meepo.start(workflow, index)))
const { id } = meepo.engine as typeof meepo.engine & { readonly id: string }
process.stdout.write(`ready ${id}\n`)
// Until it is killed.
setInterval(() => {}, 2 ** 30)

function never(): never {
  throw new Error('there are no models here')
}
