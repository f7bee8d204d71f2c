import type { Progress } from './progress.ts'

/** Where progress is shown. */
export interface Screen {
  /** Shows the last state and lets go of the terminal. */
  stop(): void
}

/** Shows progress on stderr: lines that change in place on a terminal, a line each second elsewhere. */
export function showProgress(progress: Progress, startedAt: number): Screen {
  const out = process.stderr
  const isTerminal = out.isTTY
  let height = 0
  const draw = (): void => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    if (!isTerminal) {
      const parts = [...progress.parts].filter(([, { agents }]) => agents > 0)
      const told = parts.map(([name, { agents, done }]) => `${name} ${done}/${agents}`).join(', ')
      if (told !== '')
        out.write(`${seconds} s: ${told}; ${progress.inFlight} in flight, ${progress.total.tokens} tokens\n`)
      return
    }
    const lines = [...progress.parts].map(([name, { agents, done, tokens }]) =>
      [
        name.padEnd(11),
        bar(done, agents),
        `${String(done).padStart(5)}/${String(agents).padEnd(5)} done`,
        `${String(agents - done).padStart(5)} in flight`,
        `${String(tokens).padStart(9)} tokens`,
      ].join('  '),
    )
    lines.push(`${seconds} s, ${progress.inFlight} agent runs in flight, most at one time ${progress.peak}`)
    out.write(`${height === 0 ? '' : `\u001B[${height}A`}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`)
    height = lines.length
  }
  const timer = setInterval(draw, isTerminal ? 100 : 1000)
  return {
    stop: () => {
      clearInterval(timer)
      draw()
    },
  }
}

function bar(done: number, all: number): string {
  const full = all === 0 ? 0 : Math.floor((20 * done) / all)
  return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}]`
}
