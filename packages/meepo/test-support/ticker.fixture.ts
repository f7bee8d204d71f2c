// A process that keeps the schedule of a workflow. Arguments: the file, its name, the schedule as JSON, and how long to
// stay. Prints `ready` with the id of its engine, then a line for each run that it does.

import { setTimeout as sleep } from 'node:timers/promises'
import { createMeepo, define, defineWorkflow, type Schedule } from '../src/index.ts'
import { anySchema } from './any-schema.ts'

const [store = '', name = '', schedule = '{}', ms = '1000'] = process.argv.slice(2)
const body = define({
  name: 'tick',
  input: anySchema,
  run: (ctx, at) =>
    ctx.step('work', { effect: 'read' }, async () => void process.stdout.write(`${name} ${JSON.stringify(at)}\n`)),
})
const workflow = defineWorkflow({
  graph: body,
  // Given on the command line.
  schedule: { ...(JSON.parse(schedule) as Schedule), input: ({ at }) => at },
})
const meepo = await createMeepo({
  store,
  workflows: [workflow],
  models: { resolve: never },
  beatMs: 100,
  missedBeats: 10,
})
const { id } = meepo.engine as typeof meepo.engine & { readonly id: string }
process.stdout.write(`ready ${id}\n`)
await sleep(Number(ms))
await meepo.stop()
process.exit()

function never(): never {
  throw new Error('there are no models here')
}
