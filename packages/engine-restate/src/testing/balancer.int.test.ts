import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startBalancer } from './balancer.ts'

/** A server that answers with its name and keeps no connection. */
async function answering(name: string): Promise<{ port: number; server: Server }> {
  const server = createServer((_request, response) => response.setHeader('connection', 'close').end(name))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  // A server on a port has an address with one.
  return { port: (server.address() as AddressInfo).port, server }
}

test('connections go to each in turn, and who refuses is passed over', async () => {
  const balancer = await startBalancer()
  const [a, b] = [await answering('a'), await answering('b')]
  const ask = async (): Promise<string> => (await fetch(balancer.url)).text()
  await expect(ask()).rejects.toThrow()
  balancer.set([a.port, b.port])
  const first = [await ask(), await ask(), await ask(), await ask()]
  expect(first.filter((name) => name === 'a')).toHaveLength(2)
  await new Promise((resolve) => a.server.close(resolve))
  expect([await ask(), await ask()]).toEqual(['b', 'b'])
  await balancer.close()
  await expect(ask()).rejects.toThrow()
})
