import { createLimiter, type Limit } from '@meepo/core'
import { randomUUID } from 'node:crypto'
import { openSqliteStore } from './open.ts'

// A process of its own that makes limited calls: `limits.fixture.ts PATH NAME LIMITS MS HOLDMS TENANTS`. It prints a line
// per call: when it was granted, by the clock that all processes share, how much, and to whom. The first line says that it
// began. TENANTS is how many calls each tenant makes at a time, as JSON.
const [path = '', name = '', limits = '[]', ms = '1000', holdMs = '0', tenants = '{}'] = process.argv.slice(2)

const scheduler = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (delayMs: number, run: () => void, isBackground = false) => {
    const timer = setTimeout(run, delayMs)
    if (isBackground) timer.unref()
    return () => clearTimeout(timer)
  },
  turn: () => {
    throw new Error('a limiter needs no turns')
  },
}
const store = await openSqliteStore({ path })
const limiter = createLimiter({
  // The test that starts this process wrote it.
  limits: JSON.parse(limits) as Limit[],
  counters: store.counters,
  scheduler,
  random: { id: () => randomUUID(), next: () => Math.random() },
  leaseMs: 600,
})

function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

async function work(tenant: string, worker: number): Promise<void> {
  for (let call = 0; performance.now() < until; call++) {
    const inputTokens = 20 + ((worker * 7 + call * 13) % 60)
    const asked = { id: `${name}-${tenant}-${worker}-${call}`, tenant, scopes: { key: 'k' } }
    const permit = await limiter.acquire({ ...asked, estimate: { inputTokens, outputTokens: 0 } })
    process.stdout.write(`${machineMs()} ${inputTokens} ${tenant}\n`)
    if (Number(holdMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(holdMs)))
    process.stdout.write(`${machineMs()} ended\n`)
    permit.settle({ inputTokens, outputTokens: 0 })
  }
}

process.stdout.write(`${machineMs()} began\n`)
const until = performance.now() + Number(ms)
// The test that starts this process wrote it.
const atATime = Object.entries(JSON.parse(tenants) as Record<string, number>)
await Promise.all(
  atATime.flatMap(([tenant, count]) => Array.from({ length: count }, (_, worker) => work(tenant, worker))),
)
await limiter.close()
await store.close()
