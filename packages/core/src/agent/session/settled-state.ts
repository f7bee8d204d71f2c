import { MeepoError } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import type { Machine } from '../../base/ports.ts'
import type { LogEvent } from '../../log/events.ts'
import type { AnyDefinition } from '../../run/definition.ts'
import { RunDriver } from '../../run/driver.ts'
import type { RunHost } from '../../run/host.ts'
import { readRecording } from '../../run/recording.ts'
import type { Agent } from '../agent.ts'
import { isAnswer, readSettlement } from './message.ts'
import { sessionDefinition, type Settled } from './session-run.ts'

/** The part of a log that ends with the last answer; undefined when nothing was answered yet. */
export function settledPart(events: readonly LogEvent[]): readonly LogEvent[] | undefined {
  const last = events.findLastIndex(
    (event) => event.type === 'progress.reported' && isAnswer(readSettlement(event.data.partial)),
  )
  return last < 0 ? undefined : events.slice(0, last + 1)
}

/**
 * The conversation of a session as of the last answer in `events` (see {@link settledPart}): its code is driven over the
 * recorded outcomes, and stopped before it does anything new. `fetched`: values of the blobs that the events name.
 */
export function settledState(
  agent: Agent,
  runId: string,
  events: readonly LogEvent[],
  fetched: ReadonlyMap<string, Json>,
  machine: Machine,
): Promise<Settled> {
  const wanted = events.at(-1)
  const settlement = wanted?.type === 'progress.reported' ? readSettlement(wanted.data.partial) : undefined
  const last = Math.max(0, ...(settlement?.messages ?? []))
  return new Promise((resolve, reject) => {
    const definition = sessionDefinition(agent, (settled) => {
      if (settled.message !== last) return
      driver.drop()
      resolve(settled)
    })
    const recording = readRecording(events)
    const driver = new RunDriver({
      runId,
      // Only the driver calls it, with what is recorded.
      definition: definition as unknown as AnyDefinition,
      host: readOnlyHost(machine, recording.created.tenant, () => {
        driver.drop()
        reject(new MeepoError('session.ended', 'the code of the agent does not fit the log of the session'))
      }),
      recording,
      priority: 0,
      fetched,
    })
    driver.start()
  })
}

/** The world of a run that only looks back: nothing it asks for happens. Where it would go on, `over` is called. */
function readOnlyHost(machine: Machine, tenant: string, over: () => void): RunHost {
  const nothing = (): void => {}
  const never = (): Promise<never> => new Promise(() => {})
  return {
    machine,
    tenant,
    models: {
      resolve: (name) => {
        throw new MeepoError('model.unknown_name', name)
      },
    },
    tools: { run: never },
    append: nothing,
    openCall: nothing,
    settleCall: nothing,
    callWaits: nothing,
    discard: nothing,
    lastSeq: () => 0,
    whenDurable: nothing,
    putBlob: never,
    getBlob: never,
    startChild: nothing,
    cancelChild: nothing,
    preview: () => undefined,
    waiting: over,
    busy: nothing,
    end: over,
  }
}
