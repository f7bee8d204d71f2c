import { MeepoError } from '../base/errors.ts'
import { newRunId, type RunId } from '../base/ids.ts'
import type { Machine } from '../base/ports.ts'
import { createdOf } from '../archive/copy-tree.ts'
import { newRunOf } from '../archive/paste-tree.ts'
import type { EventData, LogEvent, NewEvent, RunLimits } from '../log/events.ts'
import { readRecording } from '../run/recording.ts'
import { raisedLimits } from '../run/limits.ts'
import type { Created, Store } from '../store/store.ts'
import { checkpointId } from './checkpoint.ts'

/** The log of a run up to a checkpoint, wherever it came from. */
export interface Prefix {
  readonly runId: RunId
  readonly seq: number
  readonly isWorkflow: boolean
  readonly events: readonly LogEvent[]
  readonly blobs: ReadonlyMap<string, string>
}

/** How a run goes on from a checkpoint. */
export interface ForkOptions {
  /** The id of the new run; doing it again with the same one is harmless. */
  readonly runId?: RunId
  /** Other limits than those of the run it comes from. They count from the fork on. */
  readonly limits?: Partial<RunLimits>
}

/**
 * Makes a run of its own that has the past of another one up to a checkpoint, and is queued there. It has no parent: whoever
 * waited for the other run still waits for that one. Tasks that were open at the checkpoint begin again, as the new run's
 * own; so does everything that the other one did after it, with other keys of effects.
 */
export async function forkRun(
  store: Store,
  machine: Machine,
  prefix: Prefix,
  { runId = newRunId(machine.scheduler.now(), machine.random), limits = {} }: ForkOptions = {},
): Promise<RunId> {
  const { data } = createdOf(prefix.events)
  const { tenant } = data
  const before = readRecording(prefix.events).limits
  // A moment that has passed would end the new run at once.
  const { deadlineAt: _passed, ...kept } = before
  const events: readonly NewEvent[] = [
    { ...createdOf(prefix.events), data: forkedData(prefix.runId, runId, data) },
    ...prefix.events.slice(1),
    {
      type: 'run.forked',
      at: machine.scheduler.now(),
      data: {
        from: { runId: prefix.runId, seq: prefix.seq },
        seed: machine.random.id(),
        limits: { ...kept, ...raisedLimits(before, limits) },
      },
    },
  ]
  for (const [id, text] of prefix.blobs) await store.blobs.put({ tenant }, id, text)
  const log = events.map((event, index) => ({ ...event, seq: index + 1 })) as readonly LogEvent[]
  const run = newRunOf(machine, { runId, isWorkflow: prefix.isWorkflow, events: log }, prefix.blobs)
  const key = `${data.definition}@${data.version}`
  const fingerprint = machine.hash(`${key}\n${checkpointId(prefix.runId, prefix.seq)}`)
  const picoDollars = { ...before, ...limits }.picoDollars
  const money = picoDollars === undefined ? {} : { picoDollars }
  const bare = log.map(({ seq: _seq, ...event }) => event) as readonly NewEvent[]
  const created: Created = await store.log.create({ tenant }, { ...run, ...money, fingerprint }, bare)
  // The same fork again.
  return created.kind === 'exists' ? runId : run.runId
}

function forkedData(from: RunId, to: RunId, data: EventData['run.created']): EventData['run.created'] {
  const { parent: _none, scopes, ...rest } = data
  if (!scopes) return rest
  const own = scopes.flatMap((scope) => {
    if (scope === `run:${from}`) return [`run:${to}`]
    return scope.startsWith('run:') ? [] : [scope]
  })
  return { ...rest, scopes: own }
}

/**
 * What a run did to the world behind a checkpoint, or was doing there, and may do again when another one goes on from it:
 * steps that do more than read, and child runs.
 */
function effectsBehind(events: readonly LogEvent[], seq: number): readonly string[] {
  const effects = new Map<number, string>()
  for (const event of events) {
    if (event.type === 'step.started' && event.data.effect !== 'read' && event.data.meta?.kind !== 'model') {
      effects.set(event.data.number, `${event.data.name} (${event.data.effect})`)
    } else if (event.type === 'child.started') effects.set(event.data.number, `${event.data.childId} (child run)`)
    else if (event.seq <= seq && outcomes.has(event.type) && 'number' in event.data) effects.delete(event.data.number)
  }
  return [...new Set(effects.values())]
}

const outcomes: ReadonlySet<string> = new Set([
  'step.completed',
  'step.failed',
  'child.completed',
  'child.failed',
  'task.cancelled',
])

/** Throws `checkpoint.would_repeat` when going on from there would do something to the world again. */
export function refuseRepeats(runId: RunId, events: readonly LogEvent[], seq: number): void {
  const effects = effectsBehind(events, seq)
  if (effects.length === 0) return
  const list = effects.slice(0, 10).join(', ')
  throw new MeepoError('checkpoint.would_repeat', `since ${checkpointId(runId, seq)} the run did: ${list}`, {
    details: { effects: effects.slice(0, 10), count: effects.length },
  })
}
