import type { Claim, Leases } from '@meepo/core'
import type { WriteQueue } from '../client/queue.ts'
import type { Hub } from '../follow/hub.ts'
import type { Reader } from '../read/reader.ts'
import { toClaim } from '../claim-row.ts'
import { integer, text } from '../row.ts'

/** Who drives which run. What a command is answered with is what the function of its name in `writer/leases.ts` returns. */
export function createLeases(queue: WriteQueue, reader: Reader, hub: Hub): Leases {
  return {
    join: async (engine) => {
      await queue.command({ kind: 'join', engine })
    },
    offer: async (engine, definitions) => {
      await queue.command({ kind: 'offer', engine, definitions })
    },
    offered: async () => reader.all('offered').map((found) => text(found, 'key')),
    orphans: async (limit) =>
      reader.all('orphans', limit).map((found) => ({
        runId: text(found, 'run_id'),
        tenant: text(found, 'tenant'),
        epoch: integer(found, 'epoch'),
      })),
    adopt: async (engine, runId, epoch) =>
      // The writer answers this command so.
      (await queue.command({ kind: 'adopt', engine, runId, epoch })) as Claim | undefined,
    beat: async (engine) => (await queue.command({ kind: 'beat', engine })) === true,
    owned: async (engine) => reader.all('owned', engine).map((found) => toClaim(found, integer(found, 'epoch'))),
    engines: async () =>
      reader.all('engines').map((found) => ({ engine: text(found, 'engine'), beat: integer(found, 'beat') })),
    takeOver: async (engine, beat) => Number(await queue.command({ kind: 'takeOver', engine, beat })),
    claim: async (engine, options) =>
      // The writer answers this command with them.
      (await queue.command({ kind: 'claim', engine, ...options })) as readonly Claim[],
    take: async (engine, runId, epoch) =>
      // The writer answers this command so.
      (await queue.command({ kind: 'take', engine, runId, epoch })) as Claim | undefined,
    release: async (engine, runs) => {
      await queue.command({ kind: 'release', engine, runs })
    },
    nextWakeAt: async () => {
      const [found] = reader.all('nextWakeAt')
      return found && integer(found, 'wake_at')
    },
    watch: (engine, onChange, options) => hub.watch(engine, onChange, options),
    leave: async (engine) => {
      await queue.command({ kind: 'leave', engine })
    },
  }
}
