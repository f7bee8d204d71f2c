import type { MeepoConfig } from 'meepo'
import { workflowsTable } from '../render/workflows-table.ts'
import { closeEngine, openFleet } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { interruptCode, onInterrupts } from './interrupts.ts'

/** Does the runs of all definitions, and keeps the schedules of all workflows, until a signal ends it. */
export async function serve(config: MeepoConfig, terminal: Terminal): Promise<void> {
  const meepo = await openFleet(config, (text) => terminal.err(`${text}\n`))
  const views = await meepo.workflows.list()
  if (views.length > 0) terminal.err(workflowsTable(terminal, views, Date.now()))
  // Whoever reads that it is ready may stop it at once.
  const stopped = new Promise<void>((resolve) => {
    // Nothing else keeps a process alive that waits for the next fire.
    const alive = setInterval(() => {}, 2 ** 30)
    const off = onInterrupts(
      (signal) => {
        clearInterval(alive)
        process.exitCode = signal === 'SIGTERM' ? 0 : interruptCode(signal)
        off()
        resolve()
      },
      () => undefined,
    )
  })
  terminal.err('ready; Ctrl-C stops\n')
  await stopped
  await closeEngine(meepo)
}
