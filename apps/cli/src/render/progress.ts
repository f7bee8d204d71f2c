import type { ProgressState } from '../drive/progress.ts'
import { fit, type Terminal } from '../terminal.ts'
import { formatCount, formatMs, formatSpending, type Spending } from './format.ts'

const frameMs = 100
const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** One line that tells how far a run is. */
export function progressLine(
  name: string,
  state: ProgressState & { readonly spending?: Spending | undefined },
  elapsedMs: number,
): string {
  const parts = [formatMs(elapsedMs)]
  if (state.openChildren + state.endedChildren > 0) {
    parts.push(`${state.endedChildren} of ${formatCount(state.openChildren + state.endedChildren, 'child run')}`)
  } else if (state.turn !== undefined) parts.push(`turn ${state.turn}`)
  parts.push(formatCount(state.steps, 'step'))
  if (state.tokens > 0) parts.push(formatCount(state.tokens, 'token'))
  if (state.spending) parts.push(...formatSpending(state.spending))
  if (state.open.length > 0) parts.push(state.open.slice(0, 3).join(', '))
  return `${name}  ${parts.join(' · ')}${state.open.length > 3 ? ` +${state.open.length - 3}` : ''}`
}

/** Where progress is shown: one rewritten line on a terminal, plain lines elsewhere. */
export interface ProgressView {
  /** A line of its own. On a terminal only urgent ones stay; the live line tells the rest. */
  note(text: string, isUrgent?: boolean): void
  /** Data goes to stdout: makes room for it on a shared screen. */
  end(): void
}

/** Starts showing. `line` is asked for the live line again and again. */
export function createProgressView(terminal: Terminal, isLive: boolean, line: () => string): ProgressView {
  let frame = 0
  const erase = (): void => terminal.err('\r\u001b[2K')
  const draw = (): void => {
    const spinner = frames[frame++ % frames.length] ?? ''
    terminal.err(`\r\u001b[2K${fit(`${spinner} ${line()}`, terminal.columns() - 1)}`)
  }
  const timer = isLive ? setInterval(draw, frameMs) : undefined
  return {
    note: (text, isUrgent = false) => {
      if (isLive && !isUrgent) return
      if (isLive) erase()
      terminal.err(`${isUrgent ? terminal.style('err', 'yellow', text) : text}\n`)
    },
    end: () => {
      clearInterval(timer)
      if (isLive) erase()
    },
  }
}
