import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { adviseCommand } from './commands/advise.ts'
import { budgetCommand } from './commands/budget.ts'
import { cancelCommand } from './commands/cancel.ts'
import { checkpointsCommand } from './commands/checkpoints.ts'
import { costCommand } from './commands/cost.ts'
import { doctorCommand } from './commands/doctor.ts'
import { eraseCommand } from './commands/erase.ts'
import { exportCommand } from './commands/export.ts'
import { graphCommand } from './commands/graph.ts'
import { importCommand } from './commands/import.ts'
import { limitsCommand } from './commands/limits.ts'
import { healthCommand } from './commands/health.ts'
import { planCommand } from './commands/plan.ts'
import { pricesCommand } from './commands/prices.ts'
import { resolveCommand } from './commands/resolve.ts'
import { resumeCommand } from './commands/resume.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
import { signalCommand } from './commands/signal.ts'
import { simCommand } from './commands/sim.ts'
import { traceCommand } from './commands/trace.ts'
import { workerCommand } from './commands/worker.ts'
import { workflowsCommand } from './commands/workflows.ts'
import { terminal } from './terminal.ts'

/** The command tree: what `--help` and the reference page tell. Actions load what they need when they are called. */
export function createProgram(): Command {
  const program = new Command('meepo')
    .description('Runs durable agents and graphs, and looks at what they did.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'config.invalid: ')) })
    .exitOverride()
  const commands = [
    runCommand,
    planCommand,
    runsCommand,
    traceCommand,
    resumeCommand,
    signalCommand,
    cancelCommand,
    resolveCommand,
    checkpointsCommand,
    exportCommand,
    importCommand,
    eraseCommand,
  ]
  for (const create of [
    ...commands,
    graphCommand,
    workflowsCommand,
    workerCommand,
    costCommand,
    budgetCommand,
    limitsCommand,
    adviseCommand,
    pricesCommand,
    healthCommand,
    simCommand,
    doctorCommand,
  ])
    program.addCommand(inherit(create(), program))
  return program
}

/** Commands below a command behave like those above it. */
function inherit(command: Command, above: Command): Command {
  command.copyInheritedSettings(above)
  for (const below of command.commands) inherit(below, command)
  return command
}

/** Runs a command line. What goes wrong is told on stderr and sets the exit code of the process. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    const program = createProgram()
    const [first = '', word] = args
    const wrong = unknownWord(program, first, word)
    if (wrong !== undefined) {
      const { MeepoError } = await import('@meepo/core')
      throw new MeepoError('config.invalid', wrong)
    }
    await program.parseAsync(args, { from: 'user' })
  } catch (thrown) {
    process.exitCode = await explain(thrown)
  }
}

/** Runs the command line and ends the process. */
export async function runProgram(args: readonly string[]): Promise<void> {
  // Whoever reads stdout has seen enough (`meepo runs | head`).
  process.stdout.on('error', () => process.exit(141))
  await runCommandLine(args)
  // A configuration may have opened things that would keep the process alive.
  await Promise.all([flush(process.stdout), flush(process.stderr)])
  process.exit()
}

/** What is wrong with the word behind a command that has others below it. Commander takes it for an argument of the default one. */
function unknownWord(program: Command, first: string, word: string | undefined): string | undefined {
  const below = program.commands.find((command) => command.name() === first)?.commands.map((command) => command.name())
  if (below === undefined || below.length === 0 || word === undefined || word.startsWith('-')) return undefined
  return below.includes(word) ? undefined : `unknown command '${first} ${word}'; there are ${below.join(', ')}`
}

async function explain(thrown: unknown): Promise<number> {
  // Help and version are told by an exception as well. Everything else of the parser is a wrong command line.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
  const { toErrorData } = await import('@meepo/core')
  const { exitCodeOf, printError } = await import('./failure.ts')
  const error = toErrorData(thrown)
  printError(terminal, error)
  return exitCodeOf(error.code)
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve())
  })
}

function version(): string {
  // Our own package.json.
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
