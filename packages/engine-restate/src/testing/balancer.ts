import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** What stands in front of several workers, as a service of Kubernetes would: it places connections, and reads nothing. */
export interface Balancer {
  readonly url: string
  /** The ports of the workers on this machine. A new connection goes to each in turn; who refuses is passed over. */
  set(ports: readonly number[]): void
  close(): Promise<void>
}

/** Starts a balancer on a random port of this machine. */
export async function startBalancer(): Promise<Balancer> {
  let ports: readonly number[] = []
  let turn = 0
  const open = new Set<Socket>()
  const server = createServer((from) => {
    keep(open, from)
    const order = ports.map((_, index) => ports[(turn + index) % ports.length] ?? 0)
    turn++
    place(from, order, open)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // A server on a port has an address with one.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next) => {
      ports = next
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function place(from: Socket, [port, ...others]: readonly number[], open: Set<Socket>): void {
  if (port === undefined) {
    from.destroy()
    return
  }
  const to = connect(port, '127.0.0.1')
  keep(open, to)
  let isUp = false
  to.once('connect', () => {
    isUp = true
    from.pipe(to).pipe(from)
  })
  to.once('close', () => {
    if (isUp) from.destroy()
    else place(from, others, open)
  })
  from.once('close', () => to.destroy())
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket)
  // Whatever breaks is closed; both ends hear of that.
  socket.on('error', () => socket.destroy())
  socket.once('close', () => open.delete(socket))
}
