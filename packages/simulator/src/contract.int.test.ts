import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from './index.ts'
import type { Simulator, SimulatorOptions } from './index.ts'
import { isRecord } from './value.ts'
import { anthropicStream, openaiStream, samples } from '../test-support/samples.ts'
import { hello, partsOf, vendors } from '../test-support/vendors.ts'
import type { VendorCase } from '../test-support/vendors.ts'

// What the vendors' reference pages show is what the simulator takes and gives, and what a real client understands.

async function start(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

function vendorOf(name: string): VendorCase {
  const found = vendors.find((vendor) => vendor.name === name)
  if (found === undefined) throw new Error(`no vendor ${name}`)
  return found
}

/** Fields that no client of ours reads and that mean nothing without the vendor's machinery. */
const unplayed = new Set([
  'refusal',
  'annotations',
  'logprobs',
  'audio_tokens',
  'accepted_prediction_tokens',
  'rejected_prediction_tokens',
  'instructions',
  'max_output_tokens',
  'service_tier',
])

/** The paths of all fields, arrays by their first entry. */
function fieldsOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value[0], `${at}[]`)
  if (!isRecord(value)) return [at]
  return Object.entries(value).flatMap(([name, inner]) => (unplayed.has(name) ? [] : fieldsOf(inner, `${at}.${name}`)))
}

test.each(samples)('$name: the request of the page is answered with every field of the page', async (sample) => {
  const { url } = await start({ script: () => ({ text: 'x' }) })
  const answer = await fetch(url + sample.path, { method: 'POST', body: JSON.stringify(sample.request) })
  expect(answer.status).toBe(200)
  expect(fieldsOf(await answer.json())).toEqual(expect.arrayContaining(fieldsOf(sample.response)))
})

test.each(samples)('$name: the answer of the page, played word by word, is understood', async (sample) => {
  const { url } = await start({ script: () => ({ body: sample.response }) })
  const { model } = vendorOf(sample.name)
  const { content, finishReason, usage } = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 9 })
  expect(content).toMatchObject([{ type: 'text', text: sample.text }])
  expect(finishReason).toMatchObject({ unified: 'stop' })
  expect(usage).toMatchObject(sample.usage)
})

test.each([
  ['anthropic.messages', anthropicStream, 'Hello!', { inputTokens: { total: 25 }, outputTokens: { total: 15 } }],
  ['openai.chat', openaiStream, 'Hello', { inputTokens: { total: undefined } }],
])('%s: the stream of the page, played word by word, is understood', async (name, chunks, text, usage) => {
  const { url, journal } = await start({ script: () => ({ chunks, usage: { inputTokens: 25, outputTokens: 15 } }) })
  const parts = await partsOf(vendorOf(name).model(url))
  expect(parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : [])).join('')).toBe(text)
  expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'stop' }, usage })
  expect(journal.entries()).toMatchObject([{ billed: true, inputTokens: 25, outputTokens: 15 }])
})
