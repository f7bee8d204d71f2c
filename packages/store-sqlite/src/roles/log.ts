import { MeepoError, type Log, type PruneOptions, type Scope } from '@meepo/core'
import { readPositive } from '@meepo/core/store-rules'
import { encodeEvent, tenantOf } from '../client/encode.ts'
import type { WriteQueue } from '../client/queue.ts'
import type { Hub } from '../follow/hub.ts'
import type { Reader } from '../read/reader.ts'
import type { PrunePlace } from '../protocol.ts'
import type { Forgotten } from '../writer/forget.ts'
import type { Pruned } from '../writer/prune.ts'

/** The logs. */
export function createLog(queue: WriteQueue, reader: Reader, hub: Hub): Log {
  return {
    create: async (scope, run, events, owner) => {
      if (scope !== 'system' && scope.tenant !== run.tenant) {
        throw new MeepoError('run.not_found', `run ${run.runId} belongs to another tenant than its creator`)
      }
      if (run.picoDollars !== undefined) readPositive(run.picoDollars)
      const result = await queue.create(run, owner, events)
      return result === 'exists' ? { kind: 'exists' } : { kind: 'created', epoch: owner === undefined ? 0 : 1 }
    },
    append: (scope, request) => queue.append(scope, request),
    reopen: async (scope, runId, event, by) => {
      const most = event.type === 'run.reopened' ? event.data.limits.picoDollars : undefined
      if (most !== undefined) readPositive(most)
      const command = { kind: 'reopen', tenant: tenantOf(scope), runId, event: encodeEvent(event) } as const
      await queue.command({ ...command, ...(most === undefined ? {} : { most }), ...(by === undefined ? {} : { by }) })
    },
    read: async (scope, runId, afterSeq = 0) => reader.allEvents(reader.findRun(scope, runId).key, afterSeq),
    follow: (scope, runId, { afterSeq = 0, signal }) => hub.follow(scope, runId, afterSeq, signal),
    followAll: (scope, { after = 0, signal }) => hub.followAll(scope, after, signal),
    run: async (scope, runId) => reader.summary(scope, runId),
    runs: async (scope, filter = {}) => reader.summaries(scope, filter),
    forget: async (scope, endedBefore) => {
      let removed = 0
      for (let afterKey: number | null = 0; afterKey !== null;) {
        const command = { kind: 'forget', tenant: tenantOf(scope), endedBefore, afterKey } as const
        // The writer answers this command with it.
        const step = (await queue.command(command)) as Forgotten
        removed += step.runs
        afterKey = step.afterKey
      }
      return removed
    },
    prune: (scope, options) => prune(queue, scope, options),
    prunable: async (scope, options) => reader.prunable(scope, options),
    chargedTo: (scope, charged) => reader.chargedTo(scope, charged),
  }
}

async function prune(queue: WriteQueue, scope: Scope, { statuses, limit, ...rest }: PruneOptions): Promise<number> {
  let left = limit
  let runs = 0
  for (const status of new Set(statuses)) {
    let after: PrunePlace | null = { endedAt: -1e300, key: 0 }
    while (after !== null && left > 0) {
      const step = { ...rest, status, after, limit: left }
      // The writer answers this command with it.
      const done = (await queue.command({ kind: 'prune', tenant: tenantOf(scope), step })) as Pruned
      runs += done.runs
      left -= done.trees
      after = done.next
    }
  }
  return runs
}
