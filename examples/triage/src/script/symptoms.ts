/** A line of a log as a tool returns it. */
export interface Line {
  readonly service: string
  readonly line: number
  readonly text: string
}

/** What the line of a service looks like when somebody else has to look deeper. */
const symptoms = {
  database: /\b(?:query|lock|transaction|sql)\b/i,
  network: /\b(?:connect|socket|handshake|resolution|unreachable)\b/i,
  application: /\b(?:exception|TypeError|out of memory|heap)\b/i,
} as const

/** The matter of a specialist. */
export type Category = keyof typeof symptoms

/** What a cause looks like, what it is, and what ends it. */
export interface Cause {
  readonly shows: RegExp
  readonly means: string
  readonly action: string
}

/** Causes by specialist; the first one that shows is taken. */
export const causes: Readonly<Record<Category, readonly Cause[]>> = {
  database: [
    { shows: /deadlock detected/, means: 'Transactions wait for each other', action: 'kill_blocking_query' },
    {
      shows: /pool exhausted|too many connections/,
      means: 'All connections are in use',
      action: 'raise_connection_pool',
    },
    { shows: /replication lag/, means: 'A replica is behind', action: 'resync_replica' },
  ],
  network: [
    { shows: /NXDOMAIN|SERVFAIL/, means: 'A name is not resolved', action: 'flush_dns_cache' },
    { shows: /certificate expired/, means: 'A certificate has expired', action: 'renew_certificate' },
    { shows: /packet loss|no route|connection reset/, means: 'A route loses packets', action: 'reroute_traffic' },
  ],
  application: [
    { shows: /out of memory|heap limit/i, means: 'The process has no memory left', action: 'restart_service' },
    { shows: /unhandled exception/, means: 'A request is answered with an exception', action: 'rollback_release' },
  ],
}

/** The category with most lines that are a warning or an error; undefined when there is none. */
export function categoryOf(lines: readonly Line[]): Category | undefined {
  const bad = lines.filter(({ text }) => /\b(?:WARN|ERROR|FATAL)\b/.test(text))
  const counted = (['database', 'network', 'application'] as const).map((category) => ({
    category,
    count: bad.filter(({ text }) => symptoms[category].test(text)).length,
  }))
  const [most] = counted.toSorted((a, b) => b.count - a.count)
  return most !== undefined && most.count > 0 ? most.category : undefined
}
