import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { expect, onTestFinished, test } from 'vitest'
import { define, defineWorkflow } from '../index.ts'
import { anySchema } from '../../test-support/any-schema.ts'

const fixture = fileURLToPath(new URL('../../test-support/places.fixture.ts', import.meta.url))
const most = 5

/** A process that runs workflows; tells of their bodies until it is killed. */
function work(address: string) {
  const args = ['--conditions=meepo-source', fixture, address, String(most)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve()
    else lines.push(line)
  })
  return { lines, ready: ready.promise, kill: (): void => void child.kill('SIGKILL') }
}

test('three processes on PostgreSQL never hold more places than there are, also when two are killed, and all workflows end', async () => {
  const server = await startPostgresServer()
  onTestFinished(() => server.remove())
  const body = define({ name: 'busy', input: anySchema, run: async () => undefined })
  const workflow = defineWorkflow({ graph: body })
  const store = await openPostgresStore({ url: server.url })
  // Starts them, and drives none itself.
  const idle = createEmbeddedEngine({ store, concurrency: 0 })
  idle.register(workflow)
  const ids = Array.from({ length: 90 }, (_, index) => `w-${index}`)
  await Promise.all(ids.map((runId) => idle.start(workflow, runId, { runId, isQueued: true })))
  await idle.stop()
  await store.close()
  const processes = [work(server.url), work(server.url), work(server.url)]
  await Promise.all(processes.map(({ ready }) => ready))
  const held: number[] = []
  for (let killed = 0; ;) {
    const [row] = await server.admin(`SELECT count(*) FILTER (WHERE place = 1)::int AS held,
      count(*) FILTER (WHERE ended_at IS NULL)::int AS open FROM meepo.runs WHERE run_id LIKE 'w-%'`)
    held.push(Number(row?.['held']))
    const open = Number(row?.['open'])
    if (open === 0) break
    if (killed < 2 && open < 60 - killed * 25) processes[killed++]?.kill()
    await sleep(15)
  }
  expect(Math.max(...held)).toBe(most)
  const ends = processes.flatMap(({ lines }) => lines.filter((line) => line.startsWith('end ')))
  // One that was killed may have done what it could not write down.
  expect(new Set(ends).size).toBe(ids.length)
  expect(ends.length).toBeLessThanOrEqual(ids.length + 2 * most)
  // Nobody who lives ran more than there are places.
  for (const { lines } of processes) {
    let open = 0
    for (const line of lines) {
      open += line.startsWith('begin') ? 1 : -1
      expect(open).toBeLessThanOrEqual(most)
    }
  }
})
