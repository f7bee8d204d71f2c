import { runMain } from 'meepo-example-kit'

import { runTriage } from './run-triage.ts'

await runMain((signal) => runTriage(process.argv.slice(2), { env: process.env, signal }))
