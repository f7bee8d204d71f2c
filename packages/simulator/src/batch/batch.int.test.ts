import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import type { Experimental_BatchV4 as BatchV4 } from '@ai-sdk/provider'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from '../index.ts'
import type { Simulator, SimulatorOptions } from '../index.ts'

async function start(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

const batchers: { name: string; create: (url: string) => BatchV4 }[] = [
  { name: 'openai', create: (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k' }).experimental_batch() },
  { name: 'anthropic', create: (url) => createAnthropic({ baseURL: `${url}/v1`, apiKey: 'k' }).experimental_batch() },
  {
    name: 'gemini',
    create: (url) => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: 'k' }).experimental_batch(),
  },
]

function requests(...ids: string[]): Parameters<BatchV4['doStartBatch']>[0]['requests'] {
  return ids.map((id) => ({
    type: 'text' as const,
    id,
    modelId: 'm',
    options: {
      prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: `say ${id}` }] }],
      maxOutputTokens: 50,
    },
  }))
}

test.each(batchers)('$name: a batch takes its time, answers each request, and is billed as one', async ({ create }) => {
  let now = 1_800_000_000_000
  const { url, journal } = await start({
    batchMs: 1000,
    clock: () => now,
    prices: [{ model: 'm', serviceTier: 'batch', rates: { input: 1, output: 2 } }],
    script: ({ messages }) => {
      const said = JSON.stringify(messages)
      if (said.includes('bad')) return { fault: { kind: 'refuse', status: 400, message: 'no' } }
      return { text: 'done', usage: { inputTokens: 10, outputTokens: 3 } }
    },
  })
  const batch = create(url)
  const { batchId, status } = await batch.doStartBatch({ requests: requests('one', 'bad', 'two') })
  expect(status).toBe('pending')
  expect(await batch.doGetBatchStatus({ batchId })).toMatchObject({ status: 'pending' })
  now += 1000
  expect(await batch.doGetBatchStatus({ batchId })).toMatchObject({
    status: 'completed',
    requestCounts: { total: 3, completed: 2, failed: 1 },
  })
  const results = new Map<string, unknown>()
  for await (const result of await batch.doGetBatchResults({ batchId })) results.set(result.id, result)
  expect(results.get('one')).toMatchObject({
    status: 'succeeded',
    result: { content: [{ type: 'text', text: 'done' }], usage: { outputTokens: { total: 3 } } },
  })
  expect(results.get('bad')).toMatchObject({ status: 'failed', error: { message: 'no' } })
  expect(results.size).toBe(3)
  const listed = await batch.doListBatches?.({})
  expect(listed?.batches).toMatchObject([{ batchId, status: 'completed' }])
  const items = journal.entries().filter((entry) => entry.batchId !== undefined)
  expect(items.map(({ attemptId, amountPico, serviceTier }) => [attemptId, serviceTier, amountPico])).toEqual([
    ['one', 'batch', '16'],
    ['bad', undefined, undefined],
    ['two', 'batch', '16'],
  ])
})

test.each(batchers)('$name: a batch that is cancelled costs nothing', async ({ create }) => {
  const { url, journal } = await start({ batchMs: 60_000 })
  const batch = create(url)
  const { batchId } = await batch.doStartBatch({ requests: requests('one') })
  await batch.doCancelBatch?.({ batchId })
  const { status } = await batch.doGetBatchStatus({ batchId })
  expect(status).not.toBe('pending')
  expect(journal.totals()).toMatchObject({ billed: 0, inputTokens: 0 })
})

test.each(batchers)('$name: a batch that nobody made is not found', async ({ create }) => {
  const { url } = await start({})
  await expect(create(url).doGetBatchStatus({ batchId: 'batches/none' })).rejects.toMatchObject({ statusCode: 404 })
})
