import type { Fault, SimulatorAnswer } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'
import { countTextTokens } from './tokens/count-tokens.ts'

import { go, openStage, vendors, type Went } from '../test-support/two-providers.ts'
import { deadUrl, hello } from '../test-support/wire.ts'
import type { GatewayOptions } from './options.ts'

const whole = 'the whole answer of b'
const told: Partial<Went> = { code: 'model.interrupted', retryable: true, b: 0 }

/** An adapter that finds a status in the event takes it for a server's error, the others for a cut. */
const eventAsks: number = expect.toSatisfy((asks: number) => asks === 2 || asks === 3)

interface Scenario {
  readonly id: string
  readonly what: string
  /** What provider a does, every time. Absent: nobody listens there. */
  readonly a?: SimulatorAnswer
  readonly options?: GatewayOptions
  /** How it goes when nobody watches, and when somebody does. Default: b answers after so many requests to a. */
  readonly asks?: number
  readonly plain?: Partial<Went>
  readonly watched?: Partial<Went>
  /** Said by formats that have it. */
  readonly only?: readonly string[]
}

/** Where provider a answers at once, a busy machine is no reason to give it up; where it is silent, the test waits for that. */
const patient: GatewayOptions = { timeoutMs: 20_000, firstContentMs: 10_000, idleTimeoutMs: 10_000 }
const impatient: GatewayOptions = { timeoutMs: 800, firstContentMs: 500, idleTimeoutMs: 400 }

const refuse = (status: number, more: Partial<Extract<Fault, { kind: 'refuse' }>> = {}): SimulatorAnswer => ({
  fault: { kind: 'refuse', status, ...more },
})
const text = 'the answer of a that is never whole'
const windows = (a: number, b: number): GatewayOptions => ({
  routes: {
    main: {
      targets: [
        { model: 'a:m', contextTokens: a },
        { model: 'b:m', contextTokens: b },
      ],
    },
  },
})

const scenarios: readonly Scenario[] = [
  { id: 'F01', what: 'nobody listens', asks: 0 },
  { id: 'F02', what: 'the connection is reset before any header', a: { fault: { kind: 'reset' } }, asks: 2 },
  { id: 'F03', what: 'it accepts and is silent', a: { fault: { kind: 'hang' } }, asks: 1, options: impatient },
  {
    id: 'F04',
    what: 'headers, then nothing',
    a: { text, fault: { kind: 'hang-after-headers' } },
    asks: 1,
    options: impatient,
  },
  { id: 'F05a', what: '429 with a short wait', a: refuse(429, { retryAfterMs: 20 }), asks: 2 },
  { id: 'F05b', what: '429 with a long wait', a: refuse(429, { retryAfter: 30 }), asks: 1 },
  { id: 'F05c', what: '429 without a wait', a: refuse(429), asks: 1, options: { retry: { patienceMs: 100 } } },
  { id: 'F06a', what: '500', a: refuse(500), asks: 3 },
  { id: 'F06b', what: '503', a: refuse(503), asks: 3 },
  { id: 'F06c', what: '529', a: refuse(529, { reason: 'overloaded' }), asks: 2 },
  { id: 'F07a', what: '401', a: refuse(401), asks: 1 },
  { id: 'F07b', what: '403', a: refuse(403), asks: 1 },
  { id: 'F07c', what: 'no credit left', a: refuse(429, { reason: 'quota' }), asks: 1, only: ['openai'] },
  { id: 'F08', what: '404', a: refuse(404), asks: 1 },
  {
    id: 'F09',
    what: '400',
    a: refuse(400),
    plain: { code: 'model.rejected', retryable: false, a: 1, b: 0 },
    watched: { code: 'model.rejected', retryable: false, a: 1, b: 0 },
  },
  {
    id: 'F10a',
    what: 'too long for a, and b is smaller',
    a: refuse(400, { reason: 'context-length' }),
    options: windows(2_000, 1_000),
    plain: { code: 'model.context_length', a: 1, b: 0 },
    watched: { code: 'model.context_length', a: 1, b: 0 },
  },
  {
    id: 'F10b',
    what: 'too long for a, and b is larger',
    a: refuse(400, { reason: 'context-length' }),
    options: windows(1_000, 2_000),
    asks: 1,
  },
  {
    id: 'F11a',
    what: 'the content filter',
    a: refuse(400, { reason: 'content-filter' }),
    plain: { code: 'model.content_filter', retryable: false, a: 1, b: 0 },
    watched: { code: 'model.content_filter', retryable: false, a: 1, b: 0 },
    only: ['openai'],
  },
  {
    id: 'F11b',
    what: 'the content filter, with fallback',
    a: refuse(400, { reason: 'content-filter' }),
    options: { routes: { main: { targets: ['a:m', 'b:m'], moderation: 'fallback' } } },
    asks: 1,
    only: ['openai'],
  },
  ...(['fin', 'rst'] as const).flatMap((by): Scenario[] => [
    {
      id: `F12-${by}`,
      what: `cut by ${by} before the first content`,
      a: { text, fault: { kind: 'cut', by, afterChunks: 0 } },
      asks: 2,
    },
    {
      id: `F13-${by}`,
      what: `cut by ${by} after the first content`,
      a: { text, fault: { kind: 'cut', by, afterChunks: 3 } },
      asks: 2,
      watched: { ...told, a: 1 },
    },
  ]),
  {
    id: 'F14',
    what: 'a clean end without a finish',
    a: { text, fault: { kind: 'cut', by: 'end', afterChunks: 3 } },
    asks: 2,
    watched: { ...told, a: 1 },
  },
  {
    id: 'F15',
    what: 'a chunk that cannot be read, and a regular end',
    a: { text, fault: { kind: 'malformed-chunk', at: 2 } },
    asks: 2,
    watched: { ...told, a: 1 },
  },
  {
    id: 'F16a',
    what: 'an error event before anything',
    a: { text, fault: { kind: 'error-event', afterChunks: 0 } },
    asks: eventAsks,
  },
  {
    id: 'F16b',
    what: 'an error event in the middle',
    a: { text, fault: { kind: 'error-event', afterChunks: 3 } },
    asks: eventAsks,
    watched: { ...told, a: 1 },
  },
  { id: 'F17', what: 'a slow first token', a: { text, latency: { firstChunkMs: 5_000 } }, asks: 1, options: impatient },
  {
    id: 'F18',
    what: 'a stall in the middle',
    a: { text, fault: { kind: 'stall', afterChunks: 3 } },
    asks: 1,
    options: impatient,
    watched: { ...told, a: 1 },
  },
]

const rows = scenarios.flatMap((scenario) =>
  vendors
    .filter((kind) => scenario.only === undefined || scenario.only.includes(kind))
    .flatMap((kind) => [false, true].map((isWatched) => ({ ...scenario, kind, isWatched }))),
)

test.each(rows)('$id $what: $kind, watched $isWatched', async (row) => {
  const { a, asks = 0, kind, isWatched, options = {} } = row
  const dead = a ? {} : { providers: { a: { kind, baseURL: await deadUrl(), apiKey: 'k' } } }
  const script = ({ provider }: { readonly provider: string }): SimulatorAnswer =>
    provider === 'a' && a ? a : { text: whole }
  const stage = await openStage(onTestFinished, kind, script, { ...patient, ...options, ...dead })
  const expected = (isWatched ? row.watched : row.plain) ?? { text: whole, a: asks, b: 1 }
  const went = await go(stage, isWatched, hello)
  expect(went).toMatchObject(expected)
  // Nothing is shown twice, and nothing of a is shown before an answer of b.
  if (isWatched && went.text !== undefined) expect(went.shown).toBe(whole)
  if (went.code === 'model.interrupted' && isWatched) expect(text.startsWith(went.shown)).toBe(true)

  // Each request has exactly one line in the books, under the id that travelled with it.
  const { opened, lines } = stage.account
  expect(lines.map(({ id }) => id)).toEqual(opened.map(({ id }) => id))
  const sent = stage.simulator.journal.entries().map(({ attemptId }) => attemptId)
  expect(lines.map(({ id }) => id)).toEqual(expect.arrayContaining(sent))
  expect(new Set(sent).size).toBe(sent.length)
})

test('a timer that rings early does not give up a target that may be asked again in a moment', async () => {
  // Time stands still but for timers, and no chance makes a wait longer.
  let now = Date.now()
  const after = (ms: number, run: () => void): (() => void) => {
    const passes = Math.max(0, ms - 1)
    const ring = (): void => {
      now += passes
      run()
    }
    const timer = setTimeout(ring, passes)
    return () => clearTimeout(timer)
  }
  const scheduler = { now: () => now, elapsed: () => now, after }
  const machine = { scheduler, random: { next: () => 0, id: () => 'id' } }
  const script = ({ provider }: { readonly provider: string }): SimulatorAnswer =>
    provider === 'a' ? refuse(429, { retryAfterMs: 20 }) : { text: whole }
  const stage = await openStage(onTestFinished, 'openai', script, { ...patient, machine })
  expect(await go(stage, false, hello)).toMatchObject({ text: whole, a: 2, b: 1 })
})

test.each([
  ['openai', { text: whole }],
  ['google', { text: whole }],
  // Its adapter takes the last word for the end. Too careful, but never half an answer.
  ['anthropic', told],
] as const)('the last word of the vendor is missing: %s', async (kind, expected) => {
  const stage = await openStage(onTestFinished, kind, () => ({ text: whole, fault: { kind: 'missing-done' } }))
  expect(await go(stage, true, hello)).toMatchObject(expected)
})

// Anthropic's adapter takes a message without usage for no message at all.
test.each(['openai', 'google'] as const)(
  'an answer without usage is an answer, and its cost is our own count: %s',
  async (kind) => {
    const stage = await openStage(onTestFinished, kind, () => ({ text: whole, fault: { kind: 'missing-usage' } }))
    expect(await go(stage, true, hello)).toMatchObject({ text: whole, a: 1 })
    expect(stage.account.lines[0]?.entry.usage).toMatchObject({ calls: 1, output: countTextTokens(whole) })
  },
)
