// What Restate does without the platform: steps in its journal, and the same with two rows written by each of them.

import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { RestateServer } from '@meepo/engine-restate/testing'
import { createEndpointHandler, service, type Context } from '@restatedev/restate-sdk'
import { Pool } from 'pg'

/** The two handlers. */
export interface BareHandlers {
  /** Does so many steps that do nothing. */
  run(steps: number): Promise<void>
  /** Does so many steps of which each writes that it began and what it gave. */
  runInserting(steps: number): Promise<void>
  close(): Promise<void>
}

/** As many as the store of the platform has. */
const connections = 10

/** Opens an endpoint as the SDK recommends it: HTTP/2, default settings. */
export async function openBareHandlers(server: RestateServer, databaseUrl: string): Promise<BareHandlers> {
  const pool = new Pool({ connectionString: databaseUrl, max: connections })
  await pool.query(
    'CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text, step int, data text)',
  )
  const insert = async (run: string, step: number, data: string): Promise<void> => {
    await pool.query({
      name: 'bare',
      text: 'INSERT INTO bare (run, step, data) VALUES ($1, $2, $3)',
      values: [run, step, data],
    })
  }
  const bare = service({
    name: 'bare',
    handlers: {
      run: async (ctx: Context, steps: number) => {
        for (let step = 0; step < steps; step++) await ctx.run('step', () => null)
      },
      runInserting: async (ctx: Context, steps: number) => {
        const { id } = ctx.request()
        for (let step = 0; step < steps; step++) {
          await ctx.run('step', async () => {
            await insert(id, step, 'step.started')
            await insert(id, step, 'step.completed')
            return null
          })
        }
      },
    },
  })
  const handler = createEndpointHandler({ services: [bare], logger: () => undefined })
  const { endpoint, close } = await listen(createServer(handler))
  const call = async (url: string, body: unknown): Promise<void> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  }
  await call(`${server.adminUrl}/deployments`, { uri: endpoint })
  return {
    run: (steps) => call(`${server.ingressUrl}/bare/run`, steps),
    runInserting: (steps) => call(`${server.ingressUrl}/bare/runInserting`, steps),
    close: async () => {
      await close()
      await pool.end()
    },
  }
}

async function listen(server: Http2Server): Promise<{ endpoint: string; close(): Promise<void> }> {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server on a port has an address with one.
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy()
        server.close(() => resolve())
      }),
  }
}
