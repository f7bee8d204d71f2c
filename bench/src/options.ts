import { parseArgs } from 'node:util'
import type { Workload } from './harness/workload.ts'

/** What `--help` prints. */
export const usage = `usage: npm run bench -- [options] [workload ...]
  --check            fail, naming the figures, when one misses its hold
  --compare          fail when a ratio to its floor is more than 15 % above bench/baseline.json;
                     writes docs/reference/benchmarks.md
  --update           write bench/baseline.json and docs/reference/benchmarks.md
  --json             a line of JSON per figure
  --only LIST        some of the workloads, e.g. w1,w3
  --quick            only show that every case runs; figures mean nothing
  --folder PATH      where databases are written; the system's temporary folder unless said
  --profile PATH     write a CPU profile of each case into this folder`

/** What was asked for. */
export interface Options {
  readonly isHelp: boolean
  readonly isChecked: boolean
  readonly isCompared: boolean
  readonly isUpdate: boolean
  readonly isJson: boolean
  readonly isQuick: boolean
  readonly workloads: readonly Workload[]
  readonly folder: string | undefined
  readonly profileFolder: string | undefined
}

/** Reads the arguments. Throws, saying what is wrong. */
export function readOptions(args: readonly string[], known: readonly Workload[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      check: { type: 'boolean' },
      compare: { type: 'boolean' },
      update: { type: 'boolean' },
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      only: { type: 'string' },
      folder: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const judging = (['check', 'compare', 'update'] as const).find((name) => values[name] === true)
  if (values.quick === true && judging !== undefined)
    throw new Error(`--quick measures nothing that --${judging} could use`)
  const asked = values.only ?? (positionals.length > 0 ? positionals.join(',') : undefined)
  return {
    isHelp: values.help === true,
    isChecked: values.check === true,
    isCompared: values.compare === true,
    isUpdate: values.update === true,
    isJson: values.json === true,
    isQuick: values.quick === true,
    workloads: asked === undefined ? known : select(asked, known),
    folder: values.folder,
    profileFolder: values.profile,
  }
}

function select(list: string, known: readonly Workload[]): readonly Workload[] {
  const asked = list.toLowerCase().split(',')
  const unknown = asked.find((id) => known.every((workload) => workload.id !== id))
  if (unknown !== undefined) {
    throw new Error(`there is no workload ${unknown}; there are ${known.map(({ id }) => id).join(', ')}`)
  }
  return known.filter(({ id }) => asked.includes(id))
}
