import type { SimulatorAnswer } from '@meepo/simulator'
import { expect, test } from 'vitest'
import { string } from 'zod'
import { answerOf, openStage, talker } from '../test-support/stage.ts'
import { define, noRetry, type AgentOptions, type Definition, type MeepoOptions } from './index.ts'

const refused: SimulatorAnswer = { fault: { kind: 'refuse', status: 503 } }
const cut: SimulatorAnswer = {
  ...answerOf(40, 'one two three four five six'),
  fault: { kind: 'cut', afterChunks: 3, by: 'rst' },
}

type Asking = { readonly options?: MeepoOptions; readonly definition: Definition<string, unknown> }

/** Where somebody can say how often a call is repeated. */
const places: Readonly<Record<string, (maxRetries: number) => Asking>> = {
  gateway: (maxRetries) => ({ options: { maxRetries }, definition: talker() }),
  route: (maxRetries) => ({
    options: { routes: { main: { targets: ['sim:m'], maxRetries } } },
    definition: talker({ model: 'main' }),
  }),
  agent: (maxRetries) => ({ definition: talker({ routing: { maxRetries } }) }),
  'agent, as the policy of its steps': (maxRetries) => ({ definition: talker({ retry: atOnce(maxRetries + 1) }) }),
  call: (maxRetries) => ({ definition: asker(maxRetries) }),
}

function atOnce(maxAttempts: number): NonNullable<AgentOptions<string, string>['retry']> {
  return { maxAttempts, initialMs: 1, factor: 1, maxMs: 1 }
}

/** Asks a model without an agent. */
function asker(maxRetries: number): Definition<string, unknown> {
  return define({
    name: 'asker',
    input: string(),
    run: (ctx, text) =>
      ctx.step('ask', { effect: 'idempotent', announcesCalls: true, retry: noRetry }, async (attempt) => {
        const { signal, id: attemptId, idempotencyKey, account } = attempt
        const request = { messages: [{ role: 'user', text }], routing: { maxRetries } } as const
        const answer = await ctx.models.resolve('sim:m').call(request, { signal, attemptId, idempotencyKey, account })
        return answer.text
      }),
  })
}

const counts = [0, 1, 2, 3, 4, 5]

test.each(Object.keys(places))('N retries said at the %s are N + 1 requests at the provider', async (place) => {
  const stage = await openStage({ script: () => refused })
  for (const count of counts) {
    // A fleet of its own: its breaker has seen nothing yet.
    const { options, definition = talker() } = places[place]?.(count) ?? {}
    const meepo = await stage.open({ store: 'memory', ...options })
    const before = stage.sent()
    const record = await meepo.run(definition, 'go')
    expect(record.error?.code).toBe('model.unavailable')
    expect([count, stage.sent() - before]).toEqual([count, count + 1])
    const lines = await meepo.store.money.ledger('system')
    expect(lines.map(({ entry }) => entry.try)).toEqual(counts.slice(0, count + 1).map((index) => index + 1))
  }
})

test('what is nearer wins: the agent over the route, the route over the gateway', async () => {
  const stage = await openStage({ script: () => refused })
  const routes = { main: { targets: ['sim:m'], maxRetries: 2 } }
  const asked = async (agent: Partial<AgentOptions<string, string>>): Promise<number> => {
    const meepo = await stage.open({ store: 'memory', maxRetries: 4, routes })
    const before = stage.sent()
    await meepo.run(talker(agent), 'go')
    return stage.sent() - before
  }
  expect([
    await asked({}),
    await asked({ model: 'main' }),
    await asked({ model: 'main', routing: { maxRetries: 0 } }),
  ]).toEqual([5, 3, 1])
})

test.each(counts)(
  'answers that break off after they were shown count too: %i retries are one more request',
  async (maxRetries) => {
    const stage = await openStage({ script: () => cut, chunkSize: 4 })
    const meepo = await stage.open({ store: 'memory', maxRetries })
    const agent = talker({ retry: atOnce(maxRetries + 1) })
    let resets = 0
    let code: string | undefined
    for await (const event of meepo.stream(agent, 'go')) {
      if (event.type === 'reset') resets++
      if (event.type === 'error') code = event.error.code
    }
    expect(code).toBe('model.interrupted')
    expect(stage.sent()).toBe(maxRetries + 1)
    expect(resets).toBe(maxRetries)
    const lines = await meepo.store.money.ledger('system')
    expect(lines.map(({ entry }) => [entry.try, entry.outcome])).toEqual(
      counts.slice(0, maxRetries + 1).map((index) => [index + 1, 'interrupted']),
    )
  },
)

test('refusals and broken answers of one call share the count', async () => {
  const answers = [refused, cut, refused, cut, refused, cut]
  const stage = await openStage({ script: ({ number }) => answers[number - 1] ?? answerOf(1), chunkSize: 4 })
  const meepo = await stage.open({ store: 'memory', maxRetries: 3 })
  for await (const _ of meepo.stream(talker({ retry: atOnce(4) }), 'go'));
  expect(stage.sent()).toBe(4)
})
