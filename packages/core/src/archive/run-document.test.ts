import { expect, test } from 'vitest'
import type { LogEvent } from '../log/events.ts'
import { eventVersions, type EventVersions } from '../log/versions.ts'
import { testHash } from '../testing/test-machine.ts'
import { writeLines } from './document-lines.ts'
import type { RunCopy } from './run-copy.ts'
import { checkpointForm, readDocument, runForm, writeDocument, type RunDocument } from './run-document.ts'
import { seal, unseal } from './sealed.ts'

const created: LogEvent = {
  seq: 1,
  at: 5,
  type: 'run.created',
  data: {
    definition: 'a',
    version: '1',
    input: { value: null },
    tenant: 't',
    sessionId: 's',
    limits: { activeMs: 1 },
    priority: 0,
  },
}
const sleeps = Array.from({ length: 1_200 }, (_, index): LogEvent => ({
  seq: index + 2,
  at: 5,
  type: 'sleep.started',
  data: { number: index + 1, until: 9 },
}))
const run: RunCopy = {
  runId: 'r',
  isWorkflow: true,
  events: [created, ...sleeps],
  pending: [{ id: 'd', kind: 'signal', name: 'go', data: [1] }],
  ledger: [],
  reservations: [],
  account: { settled: '7', limit: '9' },
}
const document: RunDocument = {
  form: runForm,
  facts: { at: 42 },
  tree: { tenant: 't', runs: [run], blobs: new Map([[testHash('large'), 'large']]) },
}

test('a document reads back as it was written, whatever it is about', () => {
  expect(readDocument(testHash, writeDocument(testHash, document))).toEqual(document)
  const held: RunDocument = { ...document, form: checkpointForm, facts: { at: 1, note: { name: 'mine' } } }
  expect(readDocument(testHash, writeDocument(testHash, held))).toEqual(held)
})

test('what is no document is told apart from one that was changed', () => {
  for (const text of ['', '[]', '"x"', '{', '{"form":7,"version":1}', `{"form":"${runForm}"}`]) {
    expect(() => readDocument(testHash, text), text).toThrow(expect.objectContaining({ code: 'archive.unknown_form' }))
  }
  const text = writeDocument(testHash, document)
  const changes = [
    text.replace('"until":9', '"until":8'),
    text.replace('"part":"blob"', '"part":"event"'),
    text.replace('"parts":', '"rest":'),
    text.replace('"at":42', '"at":43'),
    `${text}{}`,
    text.split('\n')[0] ?? '',
  ]
  for (const changed of changes) {
    expect(() => readDocument(testHash, changed)).toThrow(expect.objectContaining({ code: 'archive.tampered' }))
  }
})

test('a log with gaps and a value of another name are refused, though all digests match', () => {
  const head = { form: runForm, version: 1, tenant: 't', at: 1 }
  const { events: _events, ...rest } = run
  const parts = (seq: number, lastSeq: number) => [
    { part: 'run', body: { ...rest, lastSeq } },
    { part: 'events', body: { runId: 'r', events: [{ ...created, seq }] } },
  ]
  const texts = [
    writeLines(testHash, head, parts(2, 1)),
    writeLines(testHash, head, parts(1, 2)),
    writeLines(testHash, head, [...parts(1, 1), { part: 'blob', body: { id: 'other', text: 'large' } }]),
  ]
  for (const text of texts) {
    expect(() => readDocument(testHash, text)).toThrow(expect.objectContaining({ code: 'archive.tampered' }))
  }
  // Of a release that writes more than this one knows.
  const more = writeLines(testHash, head, [...parts(1, 1), { part: 'extra', body: 1 }])
  expect(readDocument(testHash, more).tree.runs).toHaveLength(1)
})

test('events of an older version are lifted, those of a newer one are refused', () => {
  const text = writeDocument(testHash, document)
  const later: EventVersions = {
    newest: { ...eventVersions.newest, 'sleep.started': 3 },
    upcasters: {
      'sleep.started': {
        1: (data) => ({ ...(data as object), wakeAt: (data as { until: number }).until }),
        2: (data) => ({ ...(data as object), isNew: true }),
      },
    },
  }
  const { events } = readDocument(testHash, text, later).tree.runs[0] ?? run
  expect(events[1]?.data).toEqual({ number: 1, until: 9, wakeAt: 9, isNew: true })
  const { events: _events, ...rest } = run
  const body = { runId: 'r', events: [{ ...created, type: 'run.created@2' }] }
  const newer = writeLines(testHash, { form: runForm, version: 1, at: 1 }, [
    { part: 'run', body: { ...rest, lastSeq: 1 } },
    { part: 'events', body },
  ])
  expect(() => readDocument(testHash, newer)).toThrow(expect.objectContaining({ code: 'archive.newer' }))
  const second = writeLines(testHash, { form: runForm, version: 2 }, [])
  expect(() => readDocument(testHash, second)).toThrow(expect.objectContaining({ code: 'archive.newer' }))
  const broken: EventVersions = {
    ...later,
    upcasters: {
      'sleep.started': {
        1: () => {
          throw new TypeError('an upcaster with a mistake')
        },
      },
    },
  }
  expect(() => readDocument(testHash, text, broken)).toThrow('an upcaster with a mistake')
})

test('a sealed object opens only whole', () => {
  const sealed = seal(testHash, 'text')
  expect(unseal(testHash, 'a', sealed)).toBe('text')
  for (const bad of ['', 'text', `${sealed}x`, sealed.slice(1), sealed.replace('text', 'test')]) {
    expect(() => unseal(testHash, 'a', bad)).toThrow(expect.objectContaining({ code: 'archive.corrupt' }))
  }
})
