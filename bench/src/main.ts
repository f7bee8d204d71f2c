// The bench: see `usage` in options.ts. Exit codes: 0, 1 when something falls short, 2 for wrong arguments.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { toBaseline, type Baseline } from './harness/baseline.ts'
import { measureDisk, slowDiskMs } from './harness/disk.ts'
import { measureAll } from './harness/measure-all.ts'
import { measureCase } from './harness/measure-case.ts'
import { describeMachine, formatLine, toMarkdown } from './harness/report.ts'
import { readOptions, usage, type Options } from './options.ts'
import { workloads } from './workloads/all.ts'

const home = join(import.meta.dirname, '..')
const baselineFile = join(home, 'baseline.json')
const page = join(home, '../docs/reference/benchmarks.md')

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args, workloads)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (options.isHelp) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const folder = resolve(options.folder ?? tmpdir())
  mkdirSync(folder, { recursive: true })
  const root = mkdtempSync(join(folder, 'meepo-bench-'))
  try {
    return await bench(options, root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function bench(options: Options, root: string): Promise<number> {
  const machine = describeMachine()
  const diskMs = measureDisk(root)
  const isSlow = diskMs > slowDiskMs ? `, above ${slowDiskMs} ms: durable figures are n/a (disk)` : ''
  process.stderr.write(`${machine}\nfdatasync p50 of ${root}: ${diskMs.toFixed(3)} ms${isSlow}\n`)
  const old = readBaseline()
  if (options.isCompared && old === undefined) {
    process.stderr.write(`bench: there is no ${baselineFile}: write it with --update\n`)
    return 2
  }
  const profileFolder = options.profileFolder === undefined ? undefined : resolve(options.profileFolder)
  const { lines, shortfalls } = await measureAll(
    options.workloads,
    (workload, one) => measureCase(workload, one, { root, isQuick: options.isQuick, profileFolder }),
    {
      isChecked: options.isChecked,
      baseline: options.isCompared ? old : undefined,
      onLines: (done) => {
        for (const line of done) process.stdout.write(`${options.isJson ? JSON.stringify(line) : formatLine(line)}\n`)
      },
    },
  )
  if (options.isUpdate) writeFileSync(baselineFile, `${JSON.stringify(toBaseline(machine, lines, old), null, 2)}\n`)
  // A page of some of the workloads would be no reference.
  const isWhole = options.workloads.length === workloads.length
  if (isWhole && (options.isUpdate || options.isCompared)) writeFileSync(page, toMarkdown(workloads, lines, machine))
  for (const shortfall of shortfalls) process.stderr.write(`falls short: ${shortfall}\n`)
  return shortfalls.length > 0 ? 1 : 0
}

function readBaseline(): Baseline | undefined {
  // Written by this file, and reviewed when it changes.
  return existsSync(baselineFile) ? (JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline) : undefined
}
