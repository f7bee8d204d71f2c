import type { FauxqsServer } from 'fauxqs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** What happens to requests, once each, in this order. */
export type S3Fault =
  /** Refused with this status, and not done. */
  | { readonly kind: 'status'; readonly status: number }
  /** Never answered, and not done. */
  | { readonly kind: 'silence' }
  /** Done, but the connection breaks before the answer. */
  | { readonly kind: 'lost_answer' }
  /** Done, and the answer breaks off in the middle. */
  | { readonly kind: 'cut_answer' }

/** A server on this machine that speaks like S3. */
export interface S3Server {
  readonly endpoint: string
  /** What to open an archive with. The bucket is there. */
  readonly options: {
    readonly endpoint: string
    readonly bucket: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Requests whose method and address match get these faults. */
  fail(matches: RegExp, ...faults: readonly S3Fault[]): void
  /** `METHOD address` of every request so far. */
  readonly requests: readonly string[]
  stop(): Promise<void>
}

interface Planned {
  readonly matches: RegExp
  readonly faults: S3Fault[]
}

/**
 * Starts a fake S3 behind a gate that can fail, and that knows conditional writes (`If-None-Match: *`) as S3 does: the
 * server behind it ignores them.
 */
export async function startS3Server(): Promise<S3Server> {
  // Whoever only stores does not install it.
  const { startFauxqs } = await import('fauxqs')
  const behind = await startFauxqs({ port: 0, logger: false, init: { buckets: ['archive'] } })
  const planned: Planned[] = []
  const requests: string[] = []
  let last: Promise<unknown> = Promise.resolve()
  const gate = createServer((incoming, answer) => {
    const line = `${incoming.method} ${incoming.url}`
    requests.push(line)
    const fault = planned.find(({ matches, faults }) => faults.length > 0 && matches.test(line))?.faults.shift()
    // One at a time, so that looking and writing are one.
    last = last.then(() => serve(behind, incoming, answer, fault)).catch(() => answer.destroy())
  })
  const port = await listen(gate)
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return {
    endpoint,
    options: { endpoint, bucket: 'archive', region: 'us-east-1', credentials },
    fail: (matches, ...faults) => void planned.push({ matches, faults: [...faults] }),
    requests,
    stop: async () => {
      gate.closeAllConnections()
      await new Promise((resolve) => gate.close(resolve))
      await behind.stop()
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

async function serve(
  behind: FauxqsServer,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: S3Fault | undefined,
): Promise<void> {
  const body = await buffer(incoming)
  if (fault?.kind === 'silence') return
  if (fault?.kind === 'status') {
    answer.writeHead(fault.status).end()
    return
  }
  const isConditional = incoming.headers['if-none-match'] === '*' && incoming.method !== 'GET'
  const path = (incoming.url ?? '/').replace(/\?.*/, '')
  if (isConditional && (await forward(behind, 'HEAD', path, {}, undefined)).status === 200) {
    answer.writeHead(412, { 'content-type': 'application/xml' }).end('<Error><Code>PreconditionFailed</Code></Error>')
    return
  }
  const { 'if-none-match': _condition, ...headers } = incoming.headers
  const done = await forward(behind, incoming.method ?? 'GET', incoming.url ?? '/', headers, body)
  if (fault?.kind === 'lost_answer') answer.destroy()
  else if (fault?.kind === 'cut_answer') {
    answer.writeHead(done.status, { ...done.headers, 'content-length': done.body.length })
    answer.write(done.body.subarray(0, done.body.length >> 1), () => answer.destroy())
  } else answer.writeHead(done.status, done.headers).end(done.body)
}

interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

function forward(
  { port }: FauxqsServer,
  method: string,
  path: string,
  headers: IncomingMessage['headers'],
  body: Buffer | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers }, (got) => {
      buffer(got).then((whole) => resolve({ status: got.statusCode ?? 500, headers: got.headers, body: whole }), reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
