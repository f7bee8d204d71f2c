import { parseArgs } from 'node:util'
import { bugNames } from './bugs/names.ts'
import { runCampaign } from './campaign.ts'
import { storeKinds, type StoreKind } from '../database.ts'
import { allPoints } from './plan.ts'
import { describeCampaign, describeViolations } from './report.ts'

/*
 * npm run torture -- --kills 100          kill, restart, audit; exit 1 on any violation
 * npm run torture -- --store postgres --kills 100 --database-kills 25
 * npm run torture -- --bug NAME           the same with a planted bug: exit 1 is what it should be
 * npm run torture -- --bugs               each planted bug until it is caught; exit 1 if one is not
 */

/** With a hundred kills every point must have been hit this often, and most kills must have hurt. */
const fullKills = 100
const leastPerPoint = 5
const leastBusyShare = 0.8

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    store: { type: 'string', default: 'sqlite' },
    'database-kills': { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
})
const kills = Number(values.kills)
if (!Number.isInteger(kills) || kills < 1) throw new Error(`--kills ${values.kills} is not a number of kills`)
const databaseKills = Number(values['database-kills'])
if (!Number.isInteger(databaseKills) || databaseKills < 0) throw new Error('--database-kills needs a number of kills')
const store = readStore(values.store)
if (databaseKills > 0 && store === 'sqlite') throw new Error('--database-kills needs a store with a server')
if (values.bug !== undefined && !bugNames.includes(values.bug))
  throw new Error(`--bug: there are ${bugNames.join(', ')}`)

process.exitCode = (await (values.bugs ? tortureBugs() : torture())) ? 0 : 1

async function torture(): Promise<boolean> {
  const { seed, bug, keep } = values
  const ofDatabase = databaseKills === 0 ? '' : ` and ${databaseKills} of the database`
  print(
    `torture on ${store}: ${kills} kills${ofDatabase}, seed ${seed}${bug === undefined ? '' : `, with the bug ${bug}`}`,
  )
  const result = await runCampaign({
    kills,
    store,
    databaseKills,
    seed,
    isKept: keep,
    ...(bug === undefined ? {} : { bug, isEager: true }),
    ...progress(),
  })
  print(describeCampaign(result))
  if (kills >= fullKills && bug === undefined) {
    const missed = allPoints.filter(
      (point) => result.kills.filter((kill) => kill.point === point).length < leastPerPoint,
    )
    const busy = result.kills.filter((kill) => kill.open >= 10).length
    if (missed.length > 0) print(`hit less than ${leastPerPoint} times: ${missed.join(', ')}`)
    if (busy < kills * leastBusyShare) print(`only ${busy} kills hit ten or more steps in flight`)
    if (missed.length > 0 || busy < kills * leastBusyShare) return false
  }
  return result.violations.length === 0
}

async function tortureBugs(): Promise<boolean> {
  const rows: string[] = []
  let isEachCaught = true
  for (const bug of bugNames) {
    const result = await runCampaign({ kills, store, seed: `${values.seed}/${bug}`, bug, isEager: true, ...progress() })
    const rules = [...new Set(result.violations.map((violation) => violation.rule))]
    isEachCaught &&= rules.length > 0
    rows.push(`${bug.padEnd(32)}${String(result.kills.length).padStart(3)} kills  ${rules.join('; ') || 'NOT CAUGHT'}`)
    print([rows.at(-1), ...describeViolations(result.violations)].join('\n'))
  }
  print(['', ...rows].join('\n'))
  return isEachCaught
}

function readStore(name: string): StoreKind {
  const found = storeKinds.find((kind) => kind === name)
  if (found === undefined) throw new Error(`--store: there are ${storeKinds.join(', ')}`)
  return found
}

function progress(): { onProgress?: (line: string) => void } {
  return values.quiet ? {} : { onProgress: (line) => void process.stderr.write(`${line}\n`) }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
