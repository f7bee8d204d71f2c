import { setTimeout } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'
import type { Timeline } from '../trace/timeline.ts'

interface TraceFlags {
  readonly json?: boolean
  readonly watch?: boolean
  readonly config?: string
}

const redrawMs = 500

/** `meepo trace` */
export function traceCommand(): Command {
  return new Command('trace')
    .description('Show what a run and the runs below it did: a tree with times, attempts, tokens and outcomes.')
    .argument('<run>', 'the id of the run')
    .addOption(shared.json('the tree'))
    .addOption(new Option('--watch', 'stay until the run has ended, redrawing the tree on a terminal'))
    .addOption(shared.config())
    .action(trace)
}

async function trace(runId: string, flags: TraceFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { readTree } = await import('../trace/read-tree.ts')
  const { treeLines } = await import('../render/tree.ts')
  const draw = (tree: Timeline): string[] => treeLines(terminal, tree, Date.now())
  const tree = await withStore(flags.config, ({ store }) =>
    flags.watch === true
      ? watch(() => readTree(store, runId), flags.json === true ? undefined : draw)
      : readTree(store, runId),
  )
  terminal.out(flags.json === true ? `${JSON.stringify(tree, undefined, 2)}\n` : `${draw(tree).join('\n')}\n`)
}

/** Redraws on a terminal, and elsewhere only waits. The last drawing is left to the caller. */
async function watch(
  read: () => Promise<Timeline>,
  draw: ((tree: Timeline) => string[]) | undefined,
): Promise<Timeline> {
  let height = 0
  for (;;) {
    const tree = await read()
    if (height > 0) terminal.out(`\u001b[${height}A\u001b[0J`)
    height = 0
    if (tree.status === 'completed' || tree.status === 'failed' || tree.status === 'cancelled') return tree
    if (draw && terminal.isOutLive) {
      // What has left the screen cannot be redrawn: the newest lines are shown.
      const lines = draw(tree).slice(-(terminal.rows() - 1))
      terminal.out(`${lines.join('\n')}\n`)
      height = lines.length
    }
    await setTimeout(redrawMs)
  }
}
