import { startRestateServer, type RestateServer } from '@meepo/engine-restate/testing'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Project } from '../test-support/project.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let postgres: PostgresServer
let restate: RestateServer

beforeAll(async () => {
  ;[postgres, restate] = await Promise.all([startPostgresServer(), startRestateServer()])
})
afterAll(async () => {
  await restate.remove()
  await postgres.remove()
})

/** What the process that starts, and the one that works, have in common. */
function project(fields: string): Project {
  const made = createProject(onTestFinished)
  made.write(
    'meepo.config.ts',
    `import { createRestateDispatcher } from '@meepo/engine-restate'
import { define, defineConfig } from 'meepo'
import { z } from 'zod'

void createRestateDispatcher
const where = define({
  name: 'where',
  input: z.null(),
  run: (ctx) => ctx.step('where', { effect: 'read' }, async () => process.argv.includes('worker') ? 'worker' : 'here'),
})
export default defineConfig({ definitions: [where], ${fields} })
`,
  )
  return made
}

test('a worker on Restate and PostgreSQL does what another process starts, and stops when it is told to', async () => {
  const engine = `createRestateDispatcher({ ingressUrl: '${restate.ingressUrl}', worker: { adminUrl: '${restate.adminUrl}' } })`
  const one = project(`store: '${postgres.url}', engine: ${engine}`)
  const worker = one.start([
    'worker',
    '--engine=restate',
    `--store=${postgres.url}`,
    `--restate-ingress=${restate.ingressUrl}`,
    `--restate-admin=${restate.adminUrl}`,
    '--listen=127.0.0.1:0',
  ])
  await worker.said(/ready/)
  const ran = await one.meepo('run', 'where', '--input', 'null')
  expect(ran).toMatchObject({ code: 0, out: 'worker\n' })
  worker.process.kill('SIGTERM')
  expect((await worker.ended).code).toBe(0)
})

test('a worker of its own configuration drives what it takes from the store', async () => {
  const one = project(`store: 'here.db'`)
  const worker = one.start(['worker', '--engine', 'embedded', '--concurrency', '2'])
  await worker.said(/ready/)
  worker.process.kill('SIGINT')
  expect((await worker.ended).code).toBe(130)
})

test('what is wrong with a worker is told before it works', async () => {
  const one = project(`store: 'here.db'`)
  const inside = (...args: string[]) => runInside(one, 'http://127.0.0.1:9/v1', 'worker', ...args)
  expect(await inside('--listen', '9080')).toMatchObject({ code: 2, err: expect.stringContaining('0.0.0.0:9080') })
  expect(await inside('--url', 'http://127.0.0.1:9080')).toMatchObject({
    code: 2,
    err: expect.stringContaining('need --engine restate'),
  })
  expect(await inside('--engine', 'restate', '--restate-ingress', 'nowhere')).toMatchObject({
    code: 2,
    err: expect.stringContaining('ingressUrl must be an http URL'),
  })
  const down = await inside('--engine', 'restate', '--restate-admin', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0')
  expect(down).toMatchObject({ code: 1, err: expect.stringContaining('engine.unreachable') })
})
