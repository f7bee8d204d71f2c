import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** A way to a server on which answers can be lost. */
export interface LossyProxy {
  /** The address of the server, by this way. */
  readonly url: string
  /** The answer to the next commit is lost: it is committed, and its connection breaks before anybody hears of it. */
  loseNextCommit(): void
  close(): Promise<void>
}

// Messages of the protocol: a letter, a length that counts itself, and a text that ends with a zero.
const commit = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1')
const committed = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1')

/** Starts a proxy in front of the server of an address. */
export async function startLossyProxy(address: string): Promise<LossyProxy> {
  const target = new URL(address)
  const sockets = new Set<Socket>()
  let isArmed = false
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let isLosing = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (isArmed && chunk.includes(commit)) {
        isArmed = false
        isLosing = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (isLosing && chunk.includes(committed)) client.destroy()
      else client.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(address)
  // A server that listens on a port has an address of this kind.
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    loseNextCommit: () => {
      isArmed = true
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
