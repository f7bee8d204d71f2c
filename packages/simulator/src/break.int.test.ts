import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from './index.ts'
import type { Fault, JournalEntry, Simulator, SimulatorOptions } from './index.ts'
import { hello, partsOf, vendors } from '../test-support/vendors.ts'
import type { VendorCase } from '../test-support/vendors.ts'

// What breaks during an answer, in every format, and what the invoice says about it.

/** 24 characters: six chunks of four, six tokens. */
const text = 'one two three four five '
const prices = [{ model: '*', rates: { input: 1_000_000, output: 4_000_000 } }]

async function start(fault: Fault, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({
    script: () => ({ text, usage: { inputTokens: 10 }, fault }),
    chunkSize: 4,
    prices,
    ...options,
  })
  onTestFinished(() => simulator.close())
  return simulator
}

/** What a client saw: its text, the errors among the parts, how it ended, what was thrown. */
async function watch(
  { model }: VendorCase,
  { url }: Simulator,
  abortSignal?: AbortSignal,
): Promise<{ text: string; errors: number; last: LanguageModelV4StreamPart | undefined; thrown: unknown }> {
  const parts: LanguageModelV4StreamPart[] = []
  let thrown: unknown
  try {
    const { stream } = await model(url).doStream({
      prompt: hello,
      maxOutputTokens: 1000,
      ...(abortSignal && { abortSignal }),
    })
    for await (const part of stream) parts.push(part)
  } catch (error) {
    thrown = error
  }
  const seen = parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : [])).join('')
  const errors = parts.filter((part) => part.type === 'error').length
  return { text: seen, errors, last: parts.at(-1), thrown }
}

function only({ journal }: Simulator): JournalEntry | undefined {
  expect(journal.entries()).toHaveLength(1)
  return journal.entries()[0]
}

const whole = { billed: true, inputTokens: 10, outputTokens: 6, amountPico: '34000000' }

test.each(vendors)('$name: a clean end without a finish reason is no finish', async (vendor) => {
  const simulator = await start({ kind: 'cut', afterChunks: 2, by: 'end' })
  const saw = await watch(vendor, simulator)
  expect(saw.text).toBe('one two ')
  expect(saw.last).not.toMatchObject({ finishReason: { unified: 'stop' } })
  expect(only(simulator)).toMatchObject({ billed: true, outputTokens: 2, amountPico: '18000000' })
})

test.each(vendors)('$name: a reset in the middle is thrown', async (vendor) => {
  const simulator = await start({ kind: 'cut', afterChunks: 2, by: 'rst' }, { latency: { perChunkMs: 3 } })
  const { text: seen, thrown } = await watch(vendor, simulator)
  expect(thrown).toBeInstanceOf(Error)
  expect(text.startsWith(seen)).toBe(true)
  expect(only(simulator)).toMatchObject({ billed: true, outputTokens: 2, amountPico: '18000000' })
})

test.each(vendors)('$name: headers and then silence, until the client leaves', async (vendor) => {
  const simulator = await start({ kind: 'hang-after-headers' })
  const saw = await watch(vendor, simulator, AbortSignal.timeout(150))
  expect(saw.text).toBe('')
  expect(String(saw.thrown)).toMatch(/timeout|abort/i)
  await simulator.journal.settled()
  expect(only(simulator)).toMatchObject({ status: 200, aborted: true, billed: true, outputTokens: 0 })
})

test.each(vendors)('$name: a stall after two chunks bills what was sent when the client gives up', async (vendor) => {
  const simulator = await start({ kind: 'stall', afterChunks: 2 })
  const saw = await watch(vendor, simulator, AbortSignal.timeout(150))
  expect(String(saw.thrown)).toMatch(/timeout|abort/i)
  await simulator.journal.settled()
  expect(only(simulator)).toMatchObject({ aborted: true, billed: true, outputTokens: 2, amountPico: '18000000' })
})

test.each(vendors)('$name: a stall that ends is a whole answer', async (vendor) => {
  const simulator = await start({ kind: 'stall', afterChunks: 2, forMs: 30 })
  expect(await watch(vendor, simulator)).toMatchObject({ text, last: { finishReason: { unified: 'stop' } } })
  const { startedAt = 0, endedAt = 0, ...entry } = only(simulator) ?? {}
  expect(endedAt - startedAt).toBeGreaterThanOrEqual(28)
  expect(entry).toMatchObject(whole)
})

test.each(vendors)('$name: an error event before the first chunk costs nothing', async (vendor) => {
  const simulator = await start({ kind: 'error-event', afterChunks: 0, status: 529, reason: 'overloaded' })
  const saw = await watch(vendor, simulator)
  expect(saw.text).toBe('')
  expect(saw.errors > 0 || saw.thrown !== undefined).toBe(true)
  expect(only(simulator)).toMatchObject({ billed: false, status: 200, outputTokens: 0 })
})

test.each(vendors)('$name: an error event in the middle is seen as one', async (vendor) => {
  const simulator = await start({ kind: 'error-event', afterChunks: 3 })
  const saw = await watch(vendor, simulator)
  expect(saw).toMatchObject({ text: 'one two thre', errors: 1 })
  expect(saw.last).not.toMatchObject({ finishReason: { unified: 'stop' } })
  expect(only(simulator)).toMatchObject({ billed: true, outputTokens: 3 })
})

test.each(vendors)('$name: a malformed chunk is an error among the parts', async (vendor) => {
  const simulator = await start({ kind: 'malformed-chunk', at: 1 })
  const saw = await watch(vendor, simulator)
  expect(saw).toMatchObject({ text: 'one three four five ', errors: 1 })
  expect(only(simulator)).toMatchObject(whole)
})

test.each(vendors)('$name: a chunk sent twice is text said twice', async (vendor) => {
  const simulator = await start({ kind: 'duplicate-chunk', at: 1 })
  expect((await watch(vendor, simulator)).text).toBe('one two two three four five ')
  expect(only(simulator)).toMatchObject(whole)
})

test.each(vendors)('$name: a chunk of a megabyte and bytes one by one are the same answer', async (vendor) => {
  for (const fault of [{ kind: 'big-chunk', at: 2 }, { kind: 'split-bytes' }] as const) {
    const simulator = await start(fault, { script: () => ({ text: 'größe 😀 ok', fault }) })
    const saw = await watch(vendor, simulator)
    expect(saw).toMatchObject({ text: 'größe 😀 ok', errors: 0, last: { finishReason: { unified: 'stop' } } })
    expect(only(simulator)).toMatchObject({ billed: true, outputTokens: 3 })
  }
})

test.each(vendors)('$name: usage that is missing or zero is on the invoice', async (vendor) => {
  const zero = await start({ kind: 'zero-usage' })
  const { last } = await watch(vendor, zero)
  expect(last).toMatchObject({ type: 'finish', usage: { inputTokens: { total: 0 }, outputTokens: { total: 0 } } })
  expect(only(zero)).toMatchObject(whole)
  const missing = await start({ kind: 'missing-usage' })
  const saw = await watch(vendor, missing)
  expect(saw.text).toBe(text)
  expect(saw.last).not.toMatchObject({ usage: { outputTokens: { total: 6 } } })
  expect(only(missing)).toMatchObject(whole)
})

/** Whose client takes a stream without it for complete. Gemini has none. */
const forgiving = ['openai.chat', 'openai-compatible', 'gemini.generate']

test.each(vendors)('$name: the last word is left out', async (vendor) => {
  const simulator = await start({ kind: 'missing-done' })
  const saw = await watch(vendor, simulator)
  expect(saw.text).toBe(text)
  const isComplete = saw.last?.type === 'finish' && saw.last.finishReason.unified === 'stop'
  expect(isComplete).toBe(forgiving.includes(vendor.name))
  expect(only(simulator)).toMatchObject(whole)
})

test.each(vendors)('$name: the wrong content type', async ({ model }) => {
  const { url } = await start({ kind: 'wrong-content-type' })
  const { response } = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 100 })
  expect(response?.headers?.['content-type']).toBe('text/html')
})

const lost = ['malformed-chunk', 'error-event', 'cut', 'stall', 'hang-after-headers'] as const

test.each(vendors.flatMap((vendor) => lost.map((kind) => ({ ...vendor, kind }))))(
  '$name: $kind loses an answer in one piece',
  async ({ model, name, kind }) => {
    const fault = { kind, at: 0, afterChunks: 1, by: 'end' } as Fault // the fields of all five
    const simulator = await start(fault)
    const asked = model(simulator.url).doGenerate({
      prompt: hello,
      maxOutputTokens: 100,
      abortSignal: AbortSignal.timeout(250),
    })
    // Gemini's client takes an error with status 200 for an answer without content.
    if (kind === 'error-event' && name === 'gemini.generate') expect(await asked).toMatchObject({ content: [] })
    else await expect(asked).rejects.toThrow()
    await simulator.journal.settled()
    const isFree = kind === 'error-event'
    expect(only(simulator)).toMatchObject(isFree ? { billed: false } : whole)
  },
)

test.each(vendors)('$name: a slow first chunk is late and then whole', async (vendor) => {
  const latency = { firstChunkMs: 40 }
  const simulator = await start({ kind: 'missing-done' }, { script: () => ({ text, latency }) })
  expect((await watch(vendor, simulator)).text).toBe(text)
  const { startedAt = 0, firstChunkAt = 0 } = only(simulator) ?? {}
  expect(firstChunkAt - startedAt).toBeGreaterThanOrEqual(38)
})

test.each(vendors)('$name: a client that leaves pays for its input and what it was sent', async ({ model }) => {
  const { url, journal } = await start(
    { kind: 'missing-done' },
    { script: () => ({ text }), latency: { perChunkMs: 25 } },
  )
  const leave = new AbortController()
  const { stream } = await model(url).doStream({ prompt: hello, maxOutputTokens: 100, abortSignal: leave.signal })
  await expect(async () => {
    for await (const part of stream) if (part.type === 'text-delta') leave.abort()
  }).rejects.toThrow()
  await journal.settled()
  const [entry] = journal.entries()
  expect(entry).toMatchObject({ aborted: true, billed: true, inputTokens: 5 })
  expect(entry?.outputTokens).toBeGreaterThan(0)
  expect(entry?.outputTokens).toBeLessThan(6)
})

test('a provider that is down refuses connections until it is up again', async () => {
  const [vendor] = vendors
  const simulator = await createSimulator({ script: () => ({ text: 'back' }) })
  onTestFinished(() => simulator.close())
  await simulator.down()
  await simulator.down()
  await expect(partsOf(vendor!.model(simulator.url))).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  await simulator.up()
  await simulator.up()
  expect(await watch(vendor!, simulator)).toMatchObject({ text: 'back' })
  expect(simulator.journal.totals()).toMatchObject({ requests: 1, billed: 1 })
})
