import type { IncomingMessage } from 'node:http'

/** The request's body as text; `undefined` when the client left before it was complete. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const received: Buffer[] = []
    request.on('data', (part: Buffer) => received.push(part))
    request.once('end', () => {
      const [only] = received
      resolve((received.length === 1 && only !== undefined ? only : Buffer.concat(received)).toString('utf8'))
    })
    request.once('close', () => resolve(undefined))
    // The close that follows an error settles the promise; without a listener the error would end the process.
    request.once('error', () => resolve(undefined))
  })
}
