import type { Change, EngineId, Leases } from '@meepo/core'
import type { Wire } from './store-client.ts'

/** Watches for one process. Notices are messages: they are late, and get lost with the process or while it is cut off. */
export function clientWatch(
  wire: Wire,
  engine: EngineId,
  onChange: (change: Change) => void,
  options: Parameters<Leases['watch']>[2],
): () => void {
  const { server, life } = wire.connection
  let isStopped = false
  let stop: (() => void) | undefined
  const tell = (change: Change): void => {
    wire.answer('notice', () => {
      if (!isStopped) onChange(change)
    })
  }
  const watch = (): void => {
    if (life.isDead || isStopped || server.isDown) return
    stop = server.state.leases.watch(engine, tell, options)
  }
  watch()
  // What happened while the store was away nobody told: there may be anything.
  const stopListening = server.onStart(() => {
    watch()
    tell({ mail: [], claimable: true })
  })
  const end = (): void => {
    isStopped = true
    stop?.()
    stopListening()
  }
  life.onDeath(end)
  return end
}
