/** The signals that ask a process to end. */
export type Interrupt = 'SIGINT' | 'SIGTERM'

/** The exit code of a process that was ended by a signal. */
export function interruptCode(signal: Interrupt): number {
  return signal === 'SIGINT' ? 130 : 143
}

/** Calls `first` for the first signal and `again` for any later one, until the returned function is called. */
export function onInterrupts(first: (signal: Interrupt) => void, again: (signal: Interrupt) => void): () => void {
  let isFirst = true
  const listener = (signal: NodeJS.Signals): void => {
    // Only these two are listened for.
    const interrupt = signal as Interrupt
    if (isFirst) first(interrupt)
    else again(interrupt)
    isFirst = false
  }
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  return () => {
    process.off('SIGINT', listener)
    process.off('SIGTERM', listener)
  }
}
