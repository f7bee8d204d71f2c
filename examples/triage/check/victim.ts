// The night of the example in a process that dies right after its first remediation: it was done, and the log does not know.
import { runMain } from 'meepo-example-kit'

import { runTriage } from '../src/run-triage.ts'

await runMain((signal) =>
  runTriage(process.argv.slice(2), {
    env: process.env,
    signal,
    around: (world) => ({
      receiptOf: world.receiptOf,
      apply: (key, remediation) => {
        world.apply(key, remediation)
        process.kill(process.pid, 'SIGKILL')
        throw new Error('a killed process goes on')
      },
    }),
  }),
)
