import type { Counters } from '@meepo/core'
import { unreachable } from './store-server.ts'
import type { Wire } from './store-client.ts'

/** Counters that several processes share: every call is a message there and one back. */
export function clientCounters(wire: Wire): Counters {
  const { server } = wire.connection
  const ask = <T>(name: string, work: (counters: Counters) => T): Promise<Awaited<T>> =>
    wire.call(`counters.${name}`, (tell) => {
      if (server.isDown || server.areCountersDown) {
        tell({ thrown: unreachable() })
        return
      }
      Promise.resolve(work(server.counters)).then(
        (value) => tell({ value }),
        (thrown: unknown) => tell({ thrown }),
      )
    })
  return {
    pollMs: 250,
    take: (holder, requests) => ask('take', (counters) => counters.take(holder, requests)),
    settle: (settlements) => ask('settle', (counters) => counters.settle(settlements)),
    release: (ids) => ask('release', (counters) => counters.release(ids)),
    learn: (lessons) => ask('learn', (counters) => counters.learn(lessons)),
    beat: (holder, report) => ask('beat', (counters) => counters.beat(holder, report)),
    leave: (holder, report) => ask('leave', (counters) => counters.leave(holder, report)),
    inspect: () => ask('inspect', (counters) => counters.inspect()),
  }
}
