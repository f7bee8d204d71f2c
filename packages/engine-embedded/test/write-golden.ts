// Writes the golden logs of this version of the log, once: files that exist are left alone.
// `node --conditions=meepo-source test/write-golden.ts FOLDER`

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodedType, foldRecord, type RunId } from '@meepo/core'
import { forkRun } from '@meepo/core/archive'
import { createTestMachine } from '@meepo/core/testing'
import { fakeHarness } from '../src/testing/case-context.ts'
import { goldenDefinitions } from './golden.ts'

const [folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const { context, close } = await fakeHarness()
const { engine } = await context.open({ definitions: goldenDefinitions as never })
const start = (name: string) => context.until(engine.start(name, { for: name }, { runId: name }))

const steps = await start('golden-steps')
await context.until(steps.result())
const waits = await start('golden-waits')
await context.until(waits.signal('go', { early: true }, 'delivery-1'))
await context.until(waits.result())
const tree = await start('golden-tree')
await context.until(tree.result())
const decided = await start('golden-decided')
await context.pass(100)
await context.until(decided.resolve(1, { kind: 'done', result: 'by hand' }))
await context.pass(100)
await context.until(decided.cancel('a mistake'))
await context.until(decided.result())
await context.until(engine.resume('golden-decided', { activeMs: 400_000 }))
await context.until(decided.signal('go', 'fail', 'delivery-2'))
await context.until(decided.result())
const limits = { picoDollars: '120' }
const who = { runId: 'golden-paid', actor: 'ann', tags: { team: 'red' }, limits }
const paid = await context.until(engine.start('golden-paid', null, who))
await context.until(paid.result())
await context.until(engine.resume('golden-paid', { picoDollars: '1000' }))
await context.until(paid.result())

const log = await context.store.log.read('system', 'golden-steps')
const seq = log.find(({ type }) => type === 'step.completed')?.seq ?? 0
const prefix = { runId: 'golden-steps', seq, isWorkflow: false, events: log.slice(0, seq), blobs: new Map() }
await context.until(
  forkRun(context.store, createTestMachine({ startAt: context.now() }), prefix, { runId: 'golden-forked' }),
)
await context.until(engine.handle('golden-forked').result())

for (const { runId, definition } of await context.store.log.runs('system')) await write(runId, definition)
await close()

async function write(runId: RunId, definition: string): Promise<void> {
  const events = await context.store.log.read('system', runId)
  const name = runId.startsWith('golden-') ? runId : `${definition}-${runId}`
  const lines = events.map(({ type, ...event }) => JSON.stringify({ ...event, type: encodedType(type) }))
  put(`${name}.jsonl`, `${JSON.stringify({ runId })}\n${lines.join('\n')}\n`)
  put(`${name}.record.json`, `${JSON.stringify(foldRecord(runId, events), undefined, 2)}\n`)
}

function put(file: string, text: string): void {
  if (!existsSync(join(folder, file))) writeFileSync(join(folder, file), text)
}
