import type { Store } from '@meepo/core'
import { webhookSink } from '@meepo/gateway'
import { createMeepo, defineAgent } from 'meepo'
import { openStore } from '../database.ts'
import { readSettings, type DeathPoint, type FleetOrder } from './settings.ts'

/*
 * One process of a fleet: everything that `createMeepo` makes, over the database that all of them share. Dies with its parent.
 */

const { database, modelUrl, budgets, limits, hookUrl, diesAt, isAlone } = readSettings()
const secret = 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='
const agent = defineAgent({
  name: 'talker',
  instructions: 'Talk.',
  model: 'sim:m',
  budget: 1_000,
  settings: { maxOutputTokens: 1_000 },
  routing: { maxRetries: 5 },
})
const store = await openStore(database)
const meepo = await createMeepo({
  store: withDeath(store, diesAt),
  definitions: [agent as never],
  env: {},
  providers: { sim: { kind: 'openai-compatible', baseURL: `${modelUrl}/v1`, apiKey: 'any' } },
  prices: {
    overrides: [{ provider: 'sim', model: 'm', input: 0, output: 100, contextTokens: 100_000, maxOutputTokens: 1_000 }],
  },
  budgets,
  ...(limits ? { limits } : {}),
  ...(hookUrl === undefined ? {} : { alerts: [webhookSink({ url: hookUrl, secret })] }),
  // Only where one worker at a time is alive: a busy machine makes others look dead.
  ...(isAlone ? { beatMs: 100, missedBeats: 3 } : {}),
})

process.on('message', (message) => {
  // Only the parent sends here.
  const order = message as FleetOrder | 'stop'
  void (order === 'stop' ? stop() : work(order))
})
process.on('disconnect', () => process.exit(1))
process.send?.('ready')

async function work({ runs, actor }: FleetOrder): Promise<void> {
  const ends = await Promise.all(
    Array.from({ length: runs }, async () => {
      const { status, error } = await meepo.run(agent, 'go', { actor })
      return error?.code ?? status
    }),
  )
  process.send?.(ends)
}

async function stop(): Promise<void> {
  await meepo.stop()
  await store.close()
  process.exit(0)
}

/** Ends this process at a point of its first call. */
function withDeath(real: Store, point: DeathPoint | undefined): Store {
  if (point === undefined) return real
  const die = (): void => void process.kill(process.pid, 'SIGKILL')
  return {
    ...real,
    log: {
      ...real.log,
      append: async (scope, request) => {
        const types = request.events.map(({ type }) => type)
        if (point === 'answered' && types.includes('call.settled')) die()
        const appended = await real.log.append(scope, request)
        if (point === 'announced' && types.includes('call.started')) die()
        if (point === 'booked' && types.includes('call.settled')) die()
        return appended
      },
    },
  }
}
