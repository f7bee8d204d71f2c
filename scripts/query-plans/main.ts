// `npm run plans`: fills both stores as if runs had made 1,000,000 events, asks for everything that can be asked, and writes
// docs/reference/queries.md. Fails when a query reads a table whole that grows with the log, takes longer than 50 ms (99 of
// 100 times), or was not asked. `--events N` for fewer, which writes no page.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measurePostgres, measureSqlite, type Measured } from './measure.ts'
import { toPage } from './page.ts'

const mostMs = 50
const full = 1_000_000

const { values } = parseArgs({
  options: { events: { type: 'string', default: String(full) }, rounds: { type: 'string', default: '100' } },
})
const onProgress = (line: string): void => void process.stderr.write(`${line}\n`)
const size = { events: Number(values.events), rounds: Number(values.rounds), onProgress }
if (!(size.events >= 100_000) || !(size.rounds >= 1)) throw new Error('--events begins at 100000, --rounds at 1')

const stores = {
  SQLite: tell('SQLite', await measureSqlite(size)),
  PostgreSQL: tell('PostgreSQL', await measurePostgres(size)),
}
const problems = Object.entries(stores).flatMap(([store, queries]) =>
  queries.flatMap((query) => problemsOf(query).map((problem) => `${store}, ${query.name}: ${problem}`)),
)
for (const problem of problems) process.stdout.write(`${problem}\n`)
if (size.events === full) {
  writeFileSync(join(import.meta.dirname, '../../docs/reference/queries.md'), toPage(stores, size))
}
process.exitCode = problems.length === 0 ? 0 : 1

/** Says which took longest. */
function tell(store: string, queries: readonly Measured[]): readonly Measured[] {
  const slowest = queries.toSorted((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0)).slice(0, 12)
  const told = slowest
    .map(({ name, p50 = 0, p99 = 0 }) => `${name} ${p99.toFixed(1)} ms (${p50.toFixed(1)})`)
    .join(', ')
  process.stdout.write(`${store}: ${queries.length} queries, slowest p99 (p50) ${told}\n`)
  return queries
}

function problemsOf({ scans, p50, p99, count }: Measured): readonly string[] {
  return [
    ...scans.map((scan) => `reads all of ${scan}`),
    ...(p99 !== undefined && p99 > mostMs
      ? [`p99 ${p99.toFixed(1)} ms of ${count}, p50 ${(p50 ?? 0).toFixed(1)} ms`]
      : []),
    ...(count === 0 ? ['was not asked'] : []),
  ]
}
