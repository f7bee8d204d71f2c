import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bugNames, findBug } from './bugs/bugs.ts'
import { keptSeeds } from './kept-seeds.ts'
import { countLines, describeLines } from './count-lines.ts'
import type { Report } from './orders.ts'
import { runSeeds } from './pool.ts'
import { describeFigures, describeViolations, Figures, missingFaults } from './report.ts'

/*
 * npm run sim -- --seeds 2000             runs seeds 1 to 2000; exit 1 on any violation, or a fault that never came about
 * npm run sim -- --seed 77                runs one seed, and writes its trace with --trace FILE
 * npm run sim -- --seeds 50 --twice      runs each seed twice: exit 1 if one went differently the second time
 * npm run sim -- --kept                  runs those seeds first that found something once
 * npm run sim -- --bug NAME               the same with a planted bug, to its first violation: exit 1 is what it should be
 * npm run sim -- --bugs                   each planted bug until it is caught; exit 1 if one is not
 */

/** From so many seeds on every fault must have come about. */
const fullSeeds = 200

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
    coverage: { type: 'boolean', default: false },
    trace: { type: 'string' },
    kept: { type: 'boolean', default: false },
    twice: { type: 'boolean', default: false },
  },
})
const first = number('seed', values.seed ?? '1')
const isHunt = values.bugs || values.bug !== undefined
const count = number('seeds', values.seeds ?? (isHunt ? '2000' : values.seed === undefined ? '200' : '1'))
const threads = number('threads', values.threads)
const numbered = Array.from({ length: count }, (_, index) => String(first + index))
const seeds = [...new Set([...(values.kept ? Object.keys(keptSeeds) : []), ...numbered])]
if (values.bug !== undefined) findBug(values.bug)

process.exitCode = (await (values.bugs ? huntAll() : values.bug === undefined ? simulateAll() : hunt(values.bug)))
  ? 0
  : 1

async function simulateAll(): Promise<boolean> {
  const figures = new Figures()
  const broken: Report[] = []
  const wantsTrace = values.trace !== undefined
  const digests = new Map<string, string>()
  let differing = 0
  const scripts = await runSeeds(values.twice ? [...seeds, ...seeds.toReversed()] : seeds, {
    threads,
    wantsTrace,
    isCounting: values.coverage,
    onReport: (report) => {
      figures.add(report)
      const before = digests.get(report.seed) ?? report.digest
      digests.set(report.seed, report.digest)
      if (before !== report.digest) {
        differing++
        print(`seed ${report.seed} went differently the second time`)
      }
      if (values.trace !== undefined) writeFileSync(values.trace, `${report.lines?.join('\n')}\n`)
      if (report.violations.length > 0) {
        broken.push(report)
        print(describeViolations(report))
      }
      return broken.length >= 10
    },
  })
  print(describeFigures(figures))
  if (values.coverage) print(describeLines(countLines(scripts)))
  const missing = count >= fullSeeds && broken.length === 0 ? missingFaults(figures) : []
  if (missing.length > 0) print(`never came about: ${missing.join(', ')}`)
  if (values.twice) print(`${seeds.length - differing} of ${seeds.length} seeds went the same way twice`)
  print(broken.length === 0 ? 'no violation' : `violations in ${broken.length} seeds`)
  return broken.length === 0 && missing.length === 0 && differing === 0
}

/** True when nothing was found: with a bug that is a failure of this harness, and without one that is what is wanted. */
async function hunt(bug: string): Promise<boolean> {
  const caught = await runHunt(bug)
  print(caught ? describeViolations(caught) : `${bug}: not caught in ${count} seeds`)
  return caught === undefined
}

async function huntAll(): Promise<boolean> {
  let isEachCaught = true
  for (const bug of bugNames) {
    const caught = await runHunt(bug)
    isEachCaught &&= caught !== undefined
    const rules = [...new Set(caught?.violations.map(({ rule }) => rule))].join('; ')
    print(`${bug.padEnd(30)}${caught ? `seed ${caught.seed.padEnd(6)}${rules}` : 'NOT CAUGHT'}`)
  }
  return isEachCaught
}

/** The first seed that shows the bug, by number. */
async function runHunt(bug: string): Promise<Report | undefined> {
  const caught: Report[] = []
  const onReport = (report: Report): boolean => report.violations.length > 0 && caught.push(report) > 0
  await runSeeds(seeds, { threads, bug, onReport })
  return caught.toSorted((a, b) => Number(a.seed) - Number(b.seed))[0]
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text} is no number`)
  return value
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
