import { createSimulator, type Simulator } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

import { booksOf, type Books } from '../../test-support/stage-call.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../options.ts'

/** Answers in place of the provider, for requests whose path fits. */
interface Trouble {
  readonly path: RegExp
  readonly times: number
  readonly answer: (real: (path: string) => Promise<Response>, path: string) => Promise<Response> | Response
}

async function open(trouble: Trouble, longestMs = 60_000): Promise<{ gateway: Gateway; simulator: Simulator }> {
  const usage = { inputTokens: 100, outputTokens: 20 }
  const simulator = await createSimulator({ script: () => ({ text: 'hello you', usage }), batchMs: 20 })
  onTestFinished(() => simulator.close())
  let left = trouble.times
  const gateway = createGateway({
    env: {},
    providers: { openai: { kind: 'openai', apiKey: 'k', baseURL: `${simulator.url}/v1` } },
    prices: { overrides: [{ provider: 'openai', model: 'm', input: 1, output: 4, maxOutputTokens: 1_000 }] },
    waiting: { collectMs: 1, pollMs: 5, longestMs },
    fetch: async (input, init) => {
      const { pathname: path } = new URL(input instanceof Request ? input.url : input)
      if (left === 0 || !trouble.path.test(path)) return await fetch(input, init)
      left -= 1
      return await trouble.answer((other) => fetch(`${simulator.url}${other}`, { headers: init?.headers ?? {} }), path)
    },
  })
  return { gateway, simulator }
}

async function ask(gateway: Gateway): Promise<Books> {
  const account = booksOf('acme')
  const routing = { canWait: true }
  expect((await gateway.generate({ model: 'openai:m', prompt: 'hello', routing, account })).text).toBe('hello you')
  return account
}

function linesOf({ lines }: Books): readonly (readonly [string, string])[] {
  return lines.map(({ entry }) => [entry.outcome, entry.cost.status] as const)
}

function billed(simulator: Simulator): number {
  return simulator.journal.entries().filter((entry) => entry.billed).length
}

const ill = (): Response => Response.json({ error: { message: 'oops' } }, { status: 500 })

test.each<[string, RegExp]>([
  ['asked how far it is', /\/batches\/[^/]+$/],
  ['asked for its answers', /\/content$/],
])('a provider that fails once when it is %s has the batch still: nothing is paid for twice', async (_what, path) => {
  const { gateway, simulator } = await open({ path, times: 1, answer: ill })
  expect(linesOf(await ask(gateway))).toEqual([['ok', 'settled']])
  expect(billed(simulator)).toBe(1)
})

test('a batch whose answers nobody can get counts as spent, and the call goes the usual way', async () => {
  const { gateway, simulator } = await open({ path: /\/content$/, times: Infinity, answer: ill })
  const books = await ask(gateway)
  expect(linesOf(books)).toEqual([
    ['unknown', 'unknown'],
    ['ok', 'settled'],
  ])
  expect(Number(books.lines[0]!.entry.cost.picoDollars)).toBeGreaterThanOrEqual(90_000_000)
  expect(billed(simulator)).toBe(2)
})

test('what a batch answered after it was cancelled is booked, and nobody waits for it', async () => {
  // As OpenAI does: for a while it is being cancelled, and then it has answers.
  const cancelling: Trouble['answer'] = async (real, path) => {
    // The simulator hears of no cancellation, and answers with an object.
    const body = (await (await real(path.replace(/\/cancel$/, ''))).json()) as object
    return Response.json({ ...body, status: 'cancelling', output_file_id: null })
  }
  const { gateway, simulator } = await open(
    { path: /\/batches\/[^/]+(?:\/cancel)?$/, times: 40, answer: cancelling },
    60,
  )
  const books = await ask(gateway)
  expect(linesOf(books)).toEqual([['ok', 'settled']])
  while (books.lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(linesOf(books)[1]).toEqual(['ok', 'settled'])
  expect(books.lines[1]!.entry.facts).toHaveProperty('batchId')
  expect(billed(simulator)).toBe(2)
})
