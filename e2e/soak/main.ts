import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

/*
 * npm run soak                     10,000 calls, 500 runs, three processes, two kills; exit 1 on any problem
 * npm run soak -- --calls 600      a short one
 */

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '2' },
    workers: { type: 'string', default: '3' },
    faults: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '1' },
    'tokens-per-minute': { type: 'string', default: '2400000' },
    keep: { type: 'boolean', default: false },
  },
})

const { problems, figures, folder } = await soak({
  calls: Number(values.calls),
  kills: Number(values.kills),
  workers: Number(values.workers),
  faults: Number(values.faults),
  seed: Number(values.seed),
  tokensPerMinute: Number(values['tokens-per-minute']),
  isKept: values.keep,
  onProgress: (line) => void process.stderr.write(`\r${line.padEnd(70)}`),
})
process.stderr.write('\n')
for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(50)}${value}\n`)
for (const problem of problems.slice(0, 20)) process.stdout.write(`PROBLEM ${problem}\n`)
process.stdout.write(
  problems.length === 0 ? 'no problem\n' : `${problems.length} problems${values.keep ? `, see ${folder}` : ''}\n`,
)
process.exitCode = problems.length === 0 ? 0 : 1
