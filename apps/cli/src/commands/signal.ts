import { Command } from 'commander'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

/** `meepo signal` */
export function signalCommand(): Command {
  return new Command('signal')
    .description('Deliver a signal to a run, whoever drives it. Durable when the command ends.')
    .argument('<run>', 'the id of the run')
    .argument('<name>', 'the name that the run waits for, for example approve:CALL')
    .argument('[json]', 'the value; null unless given')
    .addOption(shared.config())
    .action(signal)
}

async function signal(
  runId: string,
  name: string,
  json: string | undefined,
  flags: { config?: string },
): Promise<void> {
  const { parseJson } = await import('../arguments.ts')
  const { withStore } = await import('../session.ts')
  const value = json === undefined ? null : parseJson(json, 'the value of the signal')
  await withStore(flags.config, ({ engine }) => engine.handle(runId).signal(name, value))
  terminal.err(`signal ${name} is delivered to ${runId}\n`)
}
