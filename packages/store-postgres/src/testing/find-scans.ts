import type { Client } from 'pg'

/** A node of a plan, as the server tells it. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/** Tables with as many rows as engines, calls under way, limits or providers: whoever wants all of them reads all. */
const small: ReadonlySet<string> = new Set([
  'engines',
  'reservations',
  'limit_buckets',
  'limit_permits',
  'limit_holders',
  'limit_cooldowns',
  'limit_tallies',
  'limit_clock',
  'health',
  'migrations',
  'positions',
])

/** Indices that hold only what is going on, in the order in which it is taken. */
const brief: ReadonlySet<string> = new Set([
  'runs_ready',
  'runs_ready_workflows',
  'runs_places',
  'runs_wake',
  'inbox_pending',
  'blobs_put',
  'alerts_waiting',
])

/** What a statement reads whole of what grows with the log: tables, and indices without a condition. */
export async function findScans(client: Client, text: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ Plan: PlanNode }] }>(
    `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
  )
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  if (!plan) throw new TypeError('a statement that always has a plan had none')
  return scansOf(plan)
}

function scansOf(node: PlanNode): readonly string[] {
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index = '' } = node
  const below = (node.Plans ?? []).flatMap(scansOf)
  const isWalk = type.includes('Index') && index !== '' && node['Index Cond'] === undefined && !brief.has(index)
  const isScan = (type === 'Seq Scan' || isWalk) && !small.has(table)
  return isScan ? [`${type} ${table} ${index}`.trimEnd(), ...below] : below
}
