// A dispatcher inside of one process, on the clock of the test: drives come late, twice, or not at all.

import { MeepoError, type Dispatcher, type Drive, type DriveHost, type Machine } from '@meepo/core'

/** What may happen to a drive. */
export interface RoadOptions {
  /** Every how many-th drive is lost. None unless said. */
  readonly losesEvery?: number
  /** Each drive is brought twice. */
  readonly doubles?: boolean
  /** How late it comes at most; 5 ms unless said. */
  readonly lateMs?: number
}

/** Roads between the engines of one test. */
export interface Roads {
  /** The end of one engine. */
  open(): Dispatcher
  /** Sending fails while it is true. */
  isClosed: boolean
  /** What was sent, in order. */
  readonly sent: readonly Drive[]
}

interface End {
  readonly host: DriveHost
  definitions: readonly string[]
}

const retryMs = 10

/** Builds roads on which nothing drives yet. */
export function buildRoads({ scheduler, random }: Machine, options: RoadOptions = {}): Roads {
  const { losesEvery = Infinity, doubles = false, lateMs = 5 } = options
  const ends: End[] = []
  const sent: Drive[] = []
  const bring = (drive: Drive): void => {
    scheduler.after(random.next() * lateMs, () => {
      const key = `${drive.definition}@${drive.version}`
      const able = ends.filter(({ definitions }) => definitions.includes(key))
      // Cases open several engines with other code under the same names: the last one counts, as with deployments.
      const end = able.at(-1)
      const again = (): void => void scheduler.after(retryMs, () => bring(drive), true)
      if (end) end.host.drive(drive).catch(again)
      else again()
    })
  }
  const roads: Roads = {
    isClosed: false,
    sent,
    open: () => {
      let end: End | undefined
      return {
        begin: (host) => {
          end = { host, definitions: [] }
          ends.push(end)
          return Promise.resolve()
        },
        serve: (definitions) => {
          if (end) end.definitions = [...definitions]
          return Promise.resolve()
        },
        send: (drive) => {
          if (roads.isClosed) return Promise.reject(new MeepoError('engine.unreachable', 'the roads are closed'))
          sent.push(drive)
          if (sent.length % losesEvery === 0) return Promise.resolve()
          bring(drive)
          if (doubles) bring(drive)
          return Promise.resolve()
        },
        stop: () => {
          if (end) ends.splice(ends.indexOf(end), 1)
          return Promise.resolve()
        },
      }
    },
  }
  return roads
}
