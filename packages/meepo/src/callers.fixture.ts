// A process that makes calls at once, over the health that all processes on a file share. Arguments: the file, the base of the
// simulator, the number of calls, and how many run at a time. Prints a line when it is ready, waits for a line, calls, and
// prints what became of the calls.

import { once } from 'node:events'
import { toErrorData } from '@meepo/core'
import { createGateway } from '@meepo/gateway'
import { openSqliteStore } from '@meepo/store-sqlite'

const [path = '', url = '', calls = '1', concurrency = '1'] = process.argv.slice(2)
const store = await openSqliteStore({ path })
const kind = 'openai-compatible'
const gateway = createGateway({
  env: {},
  healthBoard: store.health,
  providers: { a: { kind, baseURL: `${url}/p/a/v1` }, b: { kind, baseURL: `${url}/p/b/v1` } },
  routes: { main: { targets: ['a:m', 'b:m'] }, one: { targets: ['a:m'], maxRetries: 5 } },
  retry: { firstMs: 10 },
})
process.stdout.write('ready\n')
for (;;) {
  const [line] = (await once(process.stdin, 'data')) as [Buffer]
  const name = line.toString().trim()
  if (name === 'end') break
  const codes: Record<string, number> = {}
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < Number(calls)) {
      const attemptId = `${process.pid}-${name}-${next++}`
      const call = { signal: new AbortController().signal, attemptId, idempotencyKey: attemptId }
      const code = await gateway
        .resolve(name)
        .call({ messages: [{ role: 'user', text: 'hello' }] }, call)
        .then(
          () => 'ok',
          (error: unknown) => toErrorData(error).code,
        )
      codes[code] = (codes[code] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: Number(concurrency) }, worker))
  process.stdout.write(`${JSON.stringify(codes)}\n`)
}
await store.close()
process.exit()
