// A process that runs workflows over a database. Arguments: the address, and how many may run at once. Prints `begin ID` and
// `end ID` from the bodies of each.

import { setTimeout as sleep } from 'node:timers/promises'
import { createMeepo, define, defineWorkflow } from '../src/index.ts'
import { anySchema } from './any-schema.ts'

const [store = '', most = '1'] = process.argv.slice(2)
const body = define({
  name: 'busy',
  input: anySchema,
  run: async (ctx, id) => {
    await ctx.step('begin', { effect: 'idempotent' }, async () => void process.stdout.write(`begin ${String(id)}\n`))
    await ctx.step('work', { effect: 'read' }, () => sleep(60))
    await ctx.step('end', { effect: 'idempotent' }, async () => void process.stdout.write(`end ${String(id)}\n`))
  },
})
await createMeepo({
  store,
  workflows: [defineWorkflow({ graph: body })],
  maxConcurrentWorkflows: Number(most),
  models: { resolve: never },
  beatMs: 100,
  missedBeats: 10,
})
process.stdout.write('ready\n')

function never(): never {
  throw new Error('there are no models here')
}
