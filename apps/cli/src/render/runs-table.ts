import type { RunStatus, RunSummary } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'
import { formatMs, oneLine } from './format.ts'

type Colour = 'gray' | 'cyan' | 'yellow' | 'green' | 'red'

const colours: Readonly<Record<RunStatus, Colour>> = {
  queued: 'gray',
  running: 'cyan',
  waiting: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'gray',
}

/** The colour of a status, wherever it is shown. */
export function colourOf(status: RunStatus): Colour {
  return colours[status]
}

/** A run, and what it waits for in vain. */
export interface ListedRun extends RunSummary {
  /** `name@version` of its definition, when no process on the store has it. */
  readonly nobodyHas?: string
}

/** Runs as a table: id, definition, status, how long ago it was started, how long it took, whose, and what it waits for in vain. */
export function runsTable(terminal: Terminal, runs: readonly ListedRun[], now: number): string {
  const cells = runs.map((run) => [
    run.runId,
    `${oneLine(run.definition)}@${run.version}`,
    run.status,
    `${formatMs(Math.max(0, now - run.createdAt))} ago`,
    formatMs(Math.max(0, (run.endedAt ?? now) - run.createdAt)),
    run.tenant === 'default' ? '' : oneLine(run.tenant),
    run.nobodyHas === undefined ? '' : `waits: nobody has ${oneLine(run.nobodyHas)}`,
  ])
  const rows = [['RUN', 'DEFINITION', 'STATUS', 'STARTED', 'TOOK', '', ''], ...cells]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row, at) => {
    const line = fit(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
      widthOf(terminal),
    )
    const status = runs[at - 1]?.status
    return status === undefined ? line : line.replace(status, terminal.style('out', colourOf(status), status))
  })
  return `${lines.join('\n')}\n`
}

/** Where nobody looks at a screen nothing is cut. */
function widthOf(terminal: Terminal): number {
  return terminal.isOutLive ? terminal.columns() : Infinity
}
