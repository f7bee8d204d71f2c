// Measures one case and ends. Arguments: workload, case, what the case may use as JSON. The figures are its last line.

import type { Bench } from '../harness/workload.ts'
import { workloads } from '../workloads/all.ts'

const [id, name, bench] = process.argv.slice(2)
const found = workloads.find((workload) => workload.id === id)?.cases.find((one) => one.name === name)
if (found === undefined || bench === undefined) throw new Error(`there is no case ${id} ${name}`)
// The parent wrote it.
const figures = await found.measure(JSON.parse(bench) as Bench)
process.stdout.write(`${JSON.stringify(figures)}\n`)
