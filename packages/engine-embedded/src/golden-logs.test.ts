// Logs that released versions wrote must be read and replayed for ever. The files are never edited.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  decodeEvent,
  eventVersions,
  foldRecord,
  type LogEvent,
  type NewRun,
  type RawEvent,
  type Store,
} from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { goldenDefinitions } from '../test/golden.ts'
import { createEmbeddedEngine } from './index.ts'

const folder = join(import.meta.dirname, '../../core/fixtures/log/v1')

interface Golden {
  readonly name: string
  readonly runId: string
  readonly events: readonly LogEvent[]
}

const all: readonly Golden[] = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => {
    const [head = '', ...lines] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
    const { runId } = JSON.parse(head) as { runId: string }
    return {
      name: file.slice(0, -'.jsonl'.length),
      runId,
      events: lines.map((line) => decodeEvent(JSON.parse(line) as RawEvent)),
    }
  })

test('the golden logs hold every type of event', () => {
  const types = new Set(all.flatMap(({ events }) => events.map(({ type }) => type)))
  expect([...types].toSorted()).toEqual(Object.keys(eventVersions.newest).toSorted())
})

for (const golden of all) {
  test(`${golden.name} still gives the record that it gave when it was written`, () => {
    const text = readFileSync(join(folder, `${golden.name}.record.json`), 'utf8')
    expect(foldRecord(golden.runId, golden.events)).toEqual(JSON.parse(text))
  })

  test(`${golden.name} still replays to its end from each of its deliveries`, async () => {
    for (let count = 2; count < golden.events.length; count++) {
      const before = golden.events[count - 1]?.type ?? ''
      if (!/completed|failed|timed_out|cancelled|continued|reopened|forked/.test(before) || isEnding(golden, count))
        continue
      expect(await replay(golden, count), `after event ${count}`).toEqual(endOf(golden))
    }
  })
}

/** In the middle of an end that is undone later. */
function isEnding({ events }: Golden, count: number): boolean {
  const reopened = events.find((event) => event.type === 'run.reopened')
  const requested = events.find(({ type }) => type === 'run.cancel_requested')
  const undoneFrom = reopened?.data.rewind?.before ?? requested?.seq ?? Infinity
  return count >= undoneFrom && count < (reopened?.seq ?? 0)
}

function endOf({ events }: Golden): unknown {
  const last = events.at(-1)
  return last?.type === 'run.completed' ? last.data.result : last?.type === 'run.failed' ? last.data.error : last?.type
}

/** Goes on from the first events of the log, and from the whole logs of the other runs. */
async function replay(golden: Golden, count: number): Promise<unknown> {
  const machine = createTestMachine({ startAt: golden.events[count - 1]?.at ?? 0 })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  await store.leases.join('past')
  for (const one of all) await fill(store, one, one === golden ? count : one.events.length)
  await store.leases.leave('past')
  const engine = createEmbeddedEngine({ store, machine, idleMs: 0 })
  engine.register(...(goldenDefinitions as never[]))
  await engine.begin()
  const handle = engine.handle(golden.runId)
  await deliverRest(store, golden, count)
  const record = await scheduler.until(handle.result())
  expect((await store.log.read('system', golden.runId)).slice(0, count)).toEqual(golden.events.slice(0, count))
  await scheduler.until(engine.stop())
  return record.success ? { value: record.result } : record.error
}

async function fill(store: Store, { runId, events }: Golden, count: number): Promise<void> {
  const [created] = events
  if (created?.type !== 'run.created') throw new Error(`${runId} does not begin with run.created`)
  const { tenant, definition, version, sessionId, priority, parent } = created.data
  const run: NewRun = {
    runId,
    tenant,
    definition,
    version,
    sessionId,
    priority,
    fingerprint: fingerprintOf(runId),
    ...(parent ? { parent } : {}),
  }
  const fresh = events.slice(0, count).map(({ seq: _seq, ...event }) => event)
  const ends = fresh.findIndex(({ type }) => type === 'run.reopened')
  const scope = { tenant }
  await store.log.create(scope, run, fresh.slice(0, ends < 0 ? fresh.length : ends), 'past')
  if (ends < 0) return
  const [reopened, ...rest] = fresh.slice(ends)
  if (reopened) await store.log.reopen(scope, runId, reopened)
  const [claim] = await store.leases.claim('past', { limit: 1, definitions: [`${definition}@${version}`] })
  if (claim && rest.length > 0)
    await store.log.append(scope, { runId, epoch: claim.epoch, expectedSeq: ends + 1, events: rest })
}

/** A parent finds its child by it. */
function fingerprintOf(runId: string): string {
  for (const { data, type } of all.flatMap(({ events }) => events)) {
    if (type === 'child.started' && data.childRunId === runId)
      return `${data.definition}@${data.version}/${data.inputHash}`
  }
  return ''
}

/** What came from outside behind this place comes again. A cancel that was undone does not. */
async function deliverRest(store: Store, { runId, events }: Golden, count: number): Promise<void> {
  for (const { type, data } of events.slice(count)) {
    if (type === 'signal.received' && 'value' in data.value) {
      await store.inbox.deliver('system', runId, {
        id: data.deliveryId,
        kind: 'signal',
        name: data.name,
        data: data.value.value,
      })
    } else if (type === 'step.resolved') {
      const decision = { step: data.number, resolution: data.resolution }
      await store.inbox.deliver('system', runId, { id: 'decision', kind: 'resolve', data: decision as never })
    }
  }
}
