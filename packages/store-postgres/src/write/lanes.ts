import type { AppendRequest, Created, EngineId, Grant, NewEvent, NewRun, Scope, TenantId } from '@meepo/core'
import type { Database } from '../database/database.ts'
import { encodeEvent, readMoney, tenantOf, type MoneyExtras } from './encode.ts'
import { Lane, type OnCommitted } from './lane.ts'
import type { Part, PartResult } from './part.ts'

/** The writes of all callers: spread over a few lanes, each of which makes one transaction of many. */
export class Lanes {
  readonly #database: Database
  readonly #lanes: readonly Lane[]

  constructor(database: Database, count: number, onCommitted: OnCommitted) {
    this.#database = database
    this.#lanes = Array.from({ length: count }, () => new Lane(database, onCommitted))
  }

  /** See `Log.append`. */
  async append(scope: Scope, request: AppendRequest): Promise<readonly Grant[] | undefined> {
    const { runId, epoch, expectedSeq, events, extras } = request
    const hasMoney = extras?.reserve !== undefined || extras?.settle !== undefined || extras?.ledger !== undefined
    const money = hasMoney ? readMoney(extras) : undefined
    const encoded = events.map(encodeEvent)
    const head = { kind: 'append', tenant: tenantOf(scope), runId, epoch, expectedSeq } as const
    const result = await this.#add(runId, { ...head, events: encoded, extras, money }, encoded.length, {
      runId,
      afterSeq: expectedSeq,
      events,
    })
    return grantsOf(result)
  }

  /** See `Log.create`. */
  async create(run: NewRun, owner: EngineId | undefined, events: readonly NewEvent[]): Promise<Created> {
    const part: Part = { kind: 'create', run, owner, events: events.map(encodeEvent) }
    const committed = { runId: run.runId, afterSeq: 0, events }
    const result = await this.#add(run.runId, part, events.length + 1, committed)
    return result === 'exists' ? { kind: 'exists' } : { kind: 'created', epoch: owner === undefined ? 0 : 1 }
  }

  /** Money outside of runs. */
  async money(tenant: TenantId, extras: MoneyExtras): Promise<readonly Grant[] | undefined> {
    const money = readMoney(extras)
    const id = extras.reserve?.[0]?.id ?? extras.settle?.[0]?.id ?? extras.ledger?.[0]?.id ?? ''
    const rows = money.reserve.length + money.settle.length + money.ledger.length
    return grantsOf(await this.#add(id, { kind: 'money', tenant, money }, rows + 1, undefined))
  }

  /** Resolves when everything that was asked for before is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.settled()))
  }

  async #add(name: string, part: Part, rows: number, committed: Parameters<Lane['add']>[2]): Promise<PartResult> {
    this.#database.checkOpen()
    const lane = this.#lanes[laneOf(name, this.#lanes.length)]
    if (lane === undefined) throw new TypeError('there is no lane')
    return lane.add(part, rows, committed)
  }
}

/** The same for the same name. Ids are random enough, and their ends most of all. */
function laneOf(name: string, count: number): number {
  let hash = 0
  for (let index = Math.max(0, name.length - 8); index < name.length; index++) {
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0
  }
  return hash % count
}

function grantsOf(result: PartResult): readonly Grant[] | undefined {
  return typeof result === 'string' ? undefined : result
}
