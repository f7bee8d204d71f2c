import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process went through while it worked. Bytes are resident set sizes. */
export interface Vitals {
  readonly idleMb: number
  readonly peakMb: number
  /** p99 of how late the event loop was, milliseconds. */
  readonly delayMs: number
}

const sampleMs = 10
const megabyte = 1_000_000

/** Watches this process from now, which must be idle, until the work is done. */
export async function watchVitals(work: () => Promise<void>): Promise<Vitals> {
  const idle = process.memoryUsage.rss()
  // The kernel's own high-water mark would count how the process was started as well.
  let peak = idle
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const sampler = setInterval(look, sampleMs)
  const delay = monitorEventLoopDelay({ resolution: sampleMs })
  delay.enable()
  try {
    await work()
  } finally {
    delay.disable()
    clearInterval(sampler)
    look()
  }
  // The histogram holds the time between two samples, which is the sampling interval when nothing is late.
  const delayMs = Math.max(0, delay.percentile(99) / 1e6 - sampleMs)
  return { idleMb: idle / megabyte, peakMb: peak / megabyte, delayMs }
}
