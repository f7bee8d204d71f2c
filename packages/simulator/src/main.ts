// Runs a simulator as a process of its own: `node main.ts --script FILE`. See USAGE.
import { fstatSync } from 'node:fs'

import { startFromArguments, USAGE } from './command.ts'
import { reasonOf, SimulatorError } from './failure.ts'

try {
  const simulator = await startFromArguments(process.argv.slice(2))
  if (simulator === undefined) process.stdout.write(`${USAGE}\n`)
  else {
    let isClosing = false
    const stop = (): void => {
      if (isClosing) return
      isClosing = true
      simulator.close().then(() => process.exit(0), fail)
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    // A pipe closes when the process that started us dies, however it dies. A terminal or /dev/null tells nothing.
    const stdin = fstatSync(0)
    if (stdin.isFIFO() || stdin.isSocket()) process.stdin.resume().once('end', stop).once('error', stop)
    process.stdout.write(`${JSON.stringify({ url: simulator.url })}\n`)
  }
} catch (error) {
  fail(error)
}

function fail(error: unknown): void {
  const code = error instanceof SimulatorError ? error.code : 'simulator.failed'
  process.stderr.write(`${code}: ${reasonOf(error)}\n`)
  process.exit(code === 'simulator.bad_option' ? 2 : 1)
}
