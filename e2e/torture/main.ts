import { bugNames } from './bugs/names.ts'
import { runCampaign } from './campaign.ts'
import { readOptions } from './options.ts'
import { describeCampaign, describeViolations } from './report.ts'

/*
 * npm run torture -- --kills 100          kill, restart, audit; exit 1 on any violation
 * npm run torture -- --store postgres --kills 100 --database-kills 25
 * npm run torture -- --store postgres --engine restate --kills 50 --server-kills 25
 * npm run torture -- --store postgres --engine restate --kills 0 --nodes 3 --node-kills 10
 * npm run torture -- --bug NAME           the same with a planted bug: exit 1 is what it should be
 * npm run torture -- --bugs               each planted bug until it is caught; exit 1 if one is not
 */

/** With a hundred kills every point must have been hit this often, and most kills must have hurt. */
const fullKills = 100
const leastPerPoint = 5
const leastBusyShare = 0.8

const options = readOptions()
const { kills, store, seed, bug, nodes } = options

process.exitCode = (await (options.bugs ? tortureBugs() : torture())) ? 0 : 1

async function torture(): Promise<boolean> {
  print(`torture on ${describeGround()}: ${describeKills()}, seed ${seed}${bug ? `, with the bug ${bug}` : ''}`)
  const { databaseKills, clusterKills, nodeKills, keep } = options
  const result = await runCampaign({
    kills,
    store,
    databaseKills,
    clusterKills,
    nodeKills,
    seed,
    isKept: keep,
    ...(nodes === undefined ? {} : { nodes }),
    ...(bug === undefined ? {} : { bug, isEager: true }),
    ...progress(),
  })
  print(describeCampaign(result))
  if (kills >= fullKills && bug === undefined) {
    const missed = result.points.filter(
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
  for (const name of bugNames) {
    const result = await runCampaign({ kills, store, seed: `${seed}/${name}`, bug: name, isEager: true, ...progress() })
    const rules = [...new Set(result.violations.map((violation) => violation.rule))]
    isEachCaught &&= rules.length > 0
    rows.push(`${name.padEnd(32)}${String(result.kills.length).padStart(3)} kills  ${rules.join('; ') || 'NOT CAUGHT'}`)
    print([rows.at(-1), ...describeViolations(result.violations)].join('\n'))
  }
  print(['', ...rows].join('\n'))
  return isEachCaught
}

function describeGround(): string {
  if (nodes === undefined) return store
  return `${store} with Restate${nodes === 1 ? '' : ` of ${nodes} nodes`}`
}

function describeKills(): string {
  const { databaseKills, clusterKills, nodeKills } = options
  const besides = [
    [databaseKills, 'the database'],
    [clusterKills, nodes === 3 ? 'all nodes' : 'the Restate server'],
    [nodeKills, 'one node'],
  ] as const
  const asked = besides.filter(([count]) => count > 0).map(([count, what]) => `${count} of ${what}`)
  return [`${kills} kills of workers`, ...asked].join(', ')
}

function progress(): { onProgress?: (line: string) => void } {
  return options.quiet ? {} : { onProgress: (line) => void process.stderr.write(`${line}\n`) }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
