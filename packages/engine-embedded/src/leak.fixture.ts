// A process with a leak: each start keeps some megabytes for ever, until the leak is plugged. Prints what the engine said.
import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/memory-store'
import { setTimeout } from 'node:timers/promises'
import { createEmbeddedEngine } from './engine.ts'

let leaked: object[] = []
const work = define({
  name: 'work',
  input: anySchema,
  run: (ctx) => ctx.step('work', { effect: 'read' }, async () => 1),
})

const notices: string[] = []
const isGuarded = process.argv[2] === 'guarded'
const engine = createEmbeddedEngine({
  store: createMemoryStore(),
  ...(isGuarded ? {} : { memory: false }),
  onNotice: ({ code, message }) => notices.push(`${code}: ${message}`),
})

let refusal: MeepoError | undefined
let runs = 0
while (!refusal && runs < 2_000) {
  try {
    leaked.push(Array.from({ length: 20_000 }, (_, n) => ({ n, text: `${n}` })))
    await engine.start(work, null)
    runs++
  } catch (thrown) {
    if (!MeepoError.is(thrown)) throw thrown
    refusal = thrown
  }
}
const { state, usedBytes, limitBytes } = engine.memory
leaked = []
globalThis.gc?.()
await setTimeout(600)
const after = await (await engine.start(work, null)).result()
const open = await engine.runs({ status: ['queued', 'running'] })
await engine.stop()
const { code, retryable } = refusal ?? {}
process.stdout.write(
  JSON.stringify({ runs, code, retryable, state, share: usedBytes / limitBytes, notices, after: after.success, open }),
)
