import { seededRandom, type PriceCard } from '@meepo/core'
import { expect, test } from 'vitest'

import { createGateway } from '../gateway.ts'
import type { GatewayOptions } from '../options.ts'
import { planCall } from '../books/call-plan.ts'
import { PriceList } from '../prices/price-list.ts'
import { createProvider } from '../provider.ts'
import { arrange, type RouteKnowledge } from './arrange.ts'
import { unfit, windowOf, type Candidate } from './candidate.ts'
import type { RouteOptions, RouteTarget } from './route-options.ts'
import { Routes, type Route } from './route.ts'
import { SessionBook } from './session-book.ts'
import { SpeedBook } from './speed-book.ts'

const hello = { messages: [{ role: 'user', text: 'hello' }] } as const

function cardOf(provider: string, input: number, read = input): PriceCard {
  const rates = { in: { text: input }, read: { text: read }, out: { text: input } }
  const limits = { contextTokens: 1_000, maxOutputTokens: 100 }
  return { provider, model: 'm', aliases: [], version: '1', lastVerified: '2026-11-01', limits, periods: [{ rates }] }
}
const cards = [cardOf('a', 100, 1), cardOf('b', 60), cardOf('c', 80)]
const prices = new PriceList({ version: '1', verifiedAt: '2026-11-01', sources: [], cards })

const providers = new Map(
  ['a', 'b', 'c', 'free'].map((name) => {
    const region = name === 'a' ? 'eu' : undefined
    const options = { kind: 'openai-compatible', baseURL: 'http://x/v1', ...(region ? { region } : {}) } as const
    return [name, createProvider(name, options, { env: {}, fetch: undefined })] as const
  }),
)

function routeOf(
  options: Partial<RouteOptions>,
  targets: readonly (string | RouteTarget)[] = ['a:m', 'b:m', 'c:m'],
): Route {
  return new Routes(providers, {}, { main: { targets, ...options } }).find('main')
}

function candidatesOf(route: Route, inputTokens = 50): readonly Candidate[] {
  return route.seats.map((seat) => {
    const plan = planCall(seat.target, hello, { prices, inputTokens, at: 0 })
    return { ...seat, plan, window: windowOf(seat, plan) }
  })
}

const random = seededRandom('order')
const knowing = (more: Partial<RouteKnowledge> = {}): RouteKnowledge => ({
  speeds: new SpeedBook(),
  sessions: new SessionBook(),
  session: 's1',
  expectedOutput: 10,
  now: 1_000,
  random: () => random.next(),
  ...more,
})

const orderOf = (route: Route, knowledge = knowing(), inputTokens?: number): string =>
  arrange(route, candidatesOf(route, inputTokens), hello, knowledge)
    .map(({ target }) => target.provider)
    .join('')

test('order is as written, rung by rung', () => {
  expect(orderOf(routeOf({ equivalents: ['free:m'], smaller: ['b:n'] }, ['c:m', 'a:m']))).toBe('cafreeb')
})

test('cheapest goes by this request; what has no price comes last', () => {
  expect(orderOf(routeOf({ strategy: 'cheapest' }, ['free:m', 'a:m', 'b:m', 'c:m']))).toBe('bcafree')
})

test('a warm prompt cache makes its target the cheapest, until it is cold', () => {
  const route = routeOf({ strategy: 'cheapest' })
  const sessions = new SessionBook()
  const key = route.seats[0]?.target.healthKeys().target ?? ''
  sessions.answered('s1', { key, tokens: 800, at: 0 })
  expect(orderOf(route, knowing({ sessions }), 900)).toBe('abc')
  expect(orderOf(route, knowing({ sessions, session: 's2' }), 900)).toBe('bca')
  expect(orderOf(route, knowing({ sessions, now: 300_001 }), 900)).toBe('bca')
})

test('weighted draws about as often as the weights say', () => {
  const route = routeOf({ strategy: 'weighted' }, [
    { model: 'a:m', weight: 8 },
    { model: 'b:m', weight: 2 },
  ])
  let first = 0
  for (let count = 0; count < 2_000; count++)
    if (orderOf(route, knowing({ session: undefined })).startsWith('a')) first++
  expect(first / 2_000).toBeGreaterThan(0.75)
  expect(first / 2_000).toBeLessThan(0.85)
})

test('fastest prefers what answered sooner, and still looks at the others', () => {
  const route = routeOf({ strategy: 'fastest' }, ['a:m', 'b:m'])
  const speeds = new SpeedBook()
  const measure = (index: number, firstContentMs: number): void => {
    const key = route.seats[index]?.target.healthKeys().target ?? ''
    speeds.begun(key, 0)
    speeds.ended(key, 0, { firstContentMs, durationMs: firstContentMs + 100, outputTokens: 10 })
  }
  measure(0, 2_000)
  measure(1, 100)
  let slow = 0
  for (let count = 0; count < 2_000; count++)
    if (orderOf(route, knowing({ speeds, session: undefined })).startsWith('a')) slow++
  expect(slow).toBeGreaterThan(0)
  expect(slow / 2_000).toBeLessThan(0.06)
})

test('quality puts the best first, and the floor leaves out what is below it or unknown', () => {
  const targets = [{ model: 'a:m', quality: 0.5 }, { model: 'b:m', quality: 0.9 }, 'c:m']
  const route = routeOf({ strategy: 'quality', minQuality: 0.5 }, targets)
  expect(orderOf(route).slice(0, 2)).toBe('ba')
  expect(candidatesOf(route).map((one) => unfit(one, route, hello))).toEqual([undefined, undefined, 'quality'])
})

test('a chooser of your own sees prices and speeds, and leaves out what it does not name', () => {
  const seen: unknown[] = []
  const route = routeOf({
    strategy: (choices) => {
      seen.push(...choices.map(({ model, expectedPicoDollars }) => [model, expectedPicoDollars]))
      return choices.filter(({ model }) => model !== 'a:m').toReversed()
    },
  })
  expect(orderOf(route)).toBe('cb')
  expect(seen).toEqual([
    ['a:m', 6_000n],
    ['b:m', 3_600n],
    ['c:m', 4_800n],
  ])
})

test('a session stays where it was answered, where the route is sticky', () => {
  const sessions = new SessionBook()
  const sticky = routeOf({ isSticky: true })
  const key = sticky.seats[2]?.target.healthKeys().target ?? ''
  sessions.answered('s1', { key, tokens: 1, at: 0 })
  expect(orderOf(sticky, knowing({ sessions }))).toBe('cab')
  expect(orderOf(routeOf({}), knowing({ sessions }))).toBe('abc')
})

test('targets that cannot take a call are told by their reasons', () => {
  const tools = [{ name: 't', description: '', inputSchema: {} }]
  const reasons = (
    options: Partial<RouteOptions>,
    given: RouteTarget,
    inputTokens = 50,
    request: object = hello,
  ): unknown => {
    const route = routeOf(options, [given])
    // A request by its shape.
    return candidatesOf(route, inputTokens).map((one) => unfit(one, route, request as typeof hello))[0]
  }
  expect(reasons({ regions: ['eu'] }, { model: 'a:m' })).toBeUndefined()
  expect(reasons({ regions: ['eu'] }, { model: 'b:m' })).toBe('region')
  expect(reasons({}, { model: 'a:m' }, 952)).toBeUndefined()
  expect(reasons({}, { model: 'a:m' }, 953)).toBe('window')
  expect(reasons({}, { model: 'a:m', contextTokens: 2_000 }, 953)).toBeUndefined()
  expect(reasons({ maxDollars: '0.000000001' }, { model: 'a:m' })).toBe('price')
  expect(reasons({ maxDollars: 1 }, { model: 'free:m' })).toBe('price')
  expect(reasons({}, { model: 'a:m', can: [] }, 50, { ...hello, tools })).toBe('ability')
  expect(reasons({}, { model: 'a:m', can: ['tools'] }, 50, { ...hello, tools, outputSchema: {} })).toBe('ability')
})

test('bad news counts at once, good news slowly, and old news fades', () => {
  const speeds = new SpeedBook()
  const sample = (firstContentMs: number): object => ({ firstContentMs, durationMs: firstContentMs, outputTokens: 0 })
  const told = (at: number, ms: number): number => {
    speeds.begun('k', at)
    speeds.ended('k', at, sample(ms) as { firstContentMs: number; durationMs: number; outputTokens: number })
    return Math.round(speeds.of('k', at)?.firstContentMs ?? 0)
  }
  expect(told(0, 100)).toBe(100)
  expect(told(1_000, 900)).toBe(900)
  expect(told(2_000, 100)).toBeGreaterThan(800)
  expect(speeds.of('k', 302_000)?.firstContentMs).toBeLessThan(400)
  expect(speeds.score('unknown', 0, 10)).toBe(0)
})

test.each<[string, GatewayOptions, string]>([
  ['no target', { routes: { x: { targets: [] } } }, 'routes.x.targets'],
  ['an unknown provider', { routes: { x: { targets: ['nobody:m'] } } }, 'routes.x does not name a model'],
  ['a colon in its name', { routes: { 'a:b': { targets: ['openai:m'] } } }, 'a route'],
  ['the name of an alias', { aliases: { x: 'openai:m' }, routes: { x: { targets: ['openai:m'] } } }, 'one meaning'],
  ['an unknown strategy', { routes: { x: { targets: ['openai:m'], strategy: 'luck' as 'order' } } }, 'strategy'],
  ['a weight of nothing', { routes: { x: { targets: [{ model: 'openai:m', weight: 0 }] } } }, 'weight'],
  ['an unknown key', { routes: { x: { targets: [{ model: 'openai:m', keys: ['z'] }] } } }, 'no key z'],
  ['too many retries', { routes: { x: { targets: ['openai:m'], maxRetries: 9 } } }, 'maxRetries'],
  ['an unknown policy', { routes: { x: { targets: ['openai:m'], afterContent: 'hope' as 'fail' } } }, 'afterContent'],
  ['an unknown moderation', { routes: { x: { targets: ['openai:m'], moderation: 'no' as 'return' } } }, 'moderation'],
  ['a key twice', { providers: { p: { kind: 'openai', keys: [key('a'), key('a')] } } }, 'two labels a'],
  ['a key without a name', { providers: { p: { kind: 'openai', keys: [key('')] } } }, 'label'],
  ['an empty key', { providers: { p: { kind: 'openai', keys: [{ label: 'a', apiKey: '' }] } } }, 'is empty'],
  ['a key and keys', { providers: { p: { kind: 'openai', apiKey: 'k', keys: [key('a')] } } }, 'one of them'],
])('%s is refused', (_what, options, message) => {
  expect(() => createGateway({ env: {}, ...options })).toThrow(
    expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(message) }),
  )
})

function key(label: string): { readonly label: string; readonly apiKey: string } {
  return { label, apiKey: 'k' }
}
