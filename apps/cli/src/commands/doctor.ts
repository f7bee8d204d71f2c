import { Command } from 'commander'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

/** `meepo doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Look at what a run needs: Node, SQLite, configuration, definitions, keys, store, disk, open runs.')
    .addOption(shared.config())
    .addOption(shared.json('what was found'))
    .action(doctor)
}

async function doctor(flags: { config?: string; json?: boolean }): Promise<void> {
  const { runChecks } = await import('../doctor/checks.ts')
  const { exitCodeOf, printError } = await import('../failure.ts')
  const checks = await runChecks(flags.config)
  if (flags.json === true) terminal.out(`${JSON.stringify(checks, undefined, 2)}\n`)
  else {
    const width = Math.max(...checks.map(({ name }) => name.length))
    const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], failed: ['red', '✗'] } as const
    for (const { name, status, found } of checks) {
      const [colour, mark] = marks[status]
      terminal.out(`${terminal.style('out', colour, mark)} ${name.padEnd(width)}  ${found}\n`)
    }
  }
  const wrong = checks.find(({ error }) => error !== undefined)?.error
  if (!wrong) return
  printError(terminal, wrong)
  process.exitCode = exitCodeOf(wrong.code)
}
