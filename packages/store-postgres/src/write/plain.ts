import type { RunId, TenantId } from '@meepo/core'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import { breakingFormat, migrations } from '../schema/migrate.ts'
import { noNews, type News } from './news.ts'
import { blobMark, endings, type EncodedEvent, type Part } from './part.ts'

/** What never changes about a run. */
export interface RunName {
  readonly id: number
  readonly tenant: TenantId
}

type Append = Extract<Part, { kind: 'append' }>

/** Appends to one run that follow each other. */
interface Growth {
  readonly id: number
  readonly epoch: number
  readonly from: number
  to: number
}

/** Nothing but appends of events to runs that are known: the common case, ready to be written by one statement. */
export interface PlainAppends {
  readonly growths: readonly Growth[]
  readonly events: readonly { readonly run: number; readonly seq: number; readonly event: EncodedEvent }[]
}

/**
 * Writes events whose runs are all as their writers believe, in a schema that this release knows; else it divides by zero.
 * Rows of runs are locked by the update alone, in the order of their keys. Nothing but keys is asked for before the rows
 * are found: a planner that may begin with all runs of a status does so. runs primary key; events at the end of their
 * indexes
 */
const write = `WITH grown AS (UPDATE runs SET last_seq = v.last_seq
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS v (id, epoch, expected, last_seq)
    WHERE runs.id = v.id AND runs.epoch = v.epoch AND runs.last_seq = v.expected
    RETURNING runs.status),
  written AS (INSERT INTO events (id, run, seq, at, type, data) SELECT nextval('positions'), v.*
    FROM unnest($5::bigint[], $6::bigint[], $7::float8[], $8::text[], $9::text[]) AS v (run, seq, at, type, data)
    WHERE (SELECT count(*) FROM grown WHERE status = 'running') = cardinality($1::bigint[]))
  SELECT 1 / (CASE WHEN count(*) = cardinality($1::bigint[]) AND coalesce((${breakingFormat}), 0) <= $10
    THEN 1 ELSE 0 END) FROM grown WHERE status = 'running'`

/** The group as plain appends, or undefined when there is more in it. */
export function asPlain(parts: readonly Part[], known: ReadonlyMap<RunId, RunName>): PlainAppends | undefined {
  const growths = new Map<RunId, Growth>()
  const events: PlainAppends['events'][number][] = []
  for (const part of parts) {
    const name = part.kind === 'append' ? known.get(part.runId) : undefined
    if (part.kind !== 'append' || name === undefined || !isPlain(part, name)) return undefined
    const growth = growths.get(part.runId)
    const { epoch, expectedSeq: from } = part
    if (growth && (growth.epoch !== epoch || growth.to !== from)) return undefined
    for (const [index, event] of part.events.entries()) events.push({ run: name.id, seq: from + 1 + index, event })
    const to = from + part.events.length
    if (growth) growth.to = to
    else growths.set(part.runId, { id: name.id, epoch, from, to })
  }
  return { growths: [...growths.values()].sort((a, b) => a.id - b.id), events }
}

function isPlain({ tenant, events, extras, money }: Append, name: RunName): boolean {
  if (extras !== undefined && (extras.inboxTaken !== undefined || extras.deliver !== undefined)) return false
  if (money !== undefined || (tenant !== null && tenant !== name.tenant)) return false
  return !events.some(({ type, data }) => endings[type] !== undefined || data.includes(blobMark))
}

/** Fails, with an error that tells nothing, when one of them is to be refused. */
export function writePlain(transaction: Transaction, { growths, events }: PlainAppends): Promise<unknown> {
  return transaction.run(
    write,
    integers(growths.map(({ id }) => id)),
    integers(growths.map(({ epoch }) => epoch)),
    integers(growths.map(({ from }) => from)),
    integers(growths.map(({ to }) => to)),
    integers(events.map(({ run }) => run)),
    integers(events.map(({ seq }) => seq)),
    doubles(events.map(({ event }) => event.at)),
    texts(events.map(({ event }) => event.type)),
    texts(events.map(({ event }) => event.data)),
    migrations.length,
  )
}

/** What others want to hear about plain appends. */
export function newsOf({ growths }: PlainAppends): News {
  return { ...noNews(), runs: new Set(growths.map(({ id }) => id)) }
}
