import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Bench, Figure, Workload } from '../harness/workload.ts'
import { alternate } from '../harness/rounds.ts'
import { installPacked } from '../install/install-packed.ts'

const run = promisify(execFile)
/** Users do not run on the sources. */
const userEnvironment = { ...process.env, NODE_OPTIONS: '' }

/** What a user pays before anything happens. */
export const w7: Workload = {
  id: 'w7',
  title: "`import 'meepo'` as installed from its packages, in a fresh process",
  cases: [{ name: 'import', measure }],
}

/** What a fresh process tells of itself: milliseconds since its start, RSS in MB, and what the import alone took. */
interface Told extends Readonly<Record<string, number>> {
  readonly ms: number
  readonly importMs: number
  readonly rssMb: number
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const { folder, packages } = installPacked()
  const fresh = (script: string) => async (): Promise<Told> => {
    const { stdout } = await run(process.execPath, [join(folder, script)], { cwd: folder, env: userEnvironment })
    // The scripts print exactly this.
    return JSON.parse(stdout) as Told
  }
  const { imported, ran, empty } = await alternate(
    bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 21, warmUp: 3 },
    { imported: fresh('import.mjs'), ran: fresh('first-run.mjs'), empty: fresh('empty.mjs') },
  )
  const common = { floor: null, hold: null, isDurable: false }
  return [
    { ...common, case: 'from process start to imported', value: imported.ms, unit: 'ms', floor: empty.ms, hold: 80 },
    { ...common, case: 'import alone', value: imported.importMs, unit: 'ms' },
    { ...common, case: 'RSS', value: imported.rssMb, unit: 'MB', floor: empty.rssMb, hold: 75 },
    {
      ...common,
      case: 'from process start to the first result',
      value: ran.ms,
      unit: 'ms',
      floor: empty.ms,
      hold: 150,
    },
    { ...common, case: 'packages installed', value: packages, unit: 'packages', hold: 25 },
  ]
}
