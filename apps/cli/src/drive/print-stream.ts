import type { RunHandle } from '@meepo/core'
import type { Terminal } from '../terminal.ts'

/** Prints the stream of a run on stdout while it runs. Resolves with whether anything was printed. */
export async function printStream(
  handle: RunHandle<unknown>,
  what: 'text' | 'events',
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  let isLineOpen = false
  let hasPrinted = false
  for await (const event of handle.stream({ signal })) {
    if (what === 'events') terminal.out(`${JSON.stringify(event)}\n`)
    else if (event.type === 'text') terminal.out(event.text)
    else if (event.type === 'reset' && isLineOpen) terminal.out('\n')
    if (what === 'text' && event.type === 'text') {
      hasPrinted = true
      isLineOpen = !event.text.endsWith('\n')
    } else if (event.type === 'reset') isLineOpen = false
    // The texts of two turns are two paragraphs.
    else if (what === 'text' && event.type === 'progress' && isLineOpen) {
      terminal.out('\n')
      isLineOpen = false
    }
  }
  if (isLineOpen) terminal.out('\n')
  return hasPrinted || what === 'events'
}
