import type { Scheduler } from '@meepo/core'
import type { Fleet } from './fleet.ts'

const lookMs = 20

/**
 * Lets bodies in flight end and records what they return, then gives every run back. Bodies still open after the grace
 * time are cut off, except those that must not be repeated: they get until the hard limit, and are unknown after it.
 */
export async function drain(fleet: Fleet, scheduler: Scheduler, graceMs: number, hardLimitMs: number): Promise<void> {
  fleet.freeze()
  const begin = scheduler.elapsed()
  for (;;) {
    const passed = scheduler.elapsed() - begin
    const isDone = passed < graceMs ? !hasBody(fleet) : passed >= hardLimitMs || !hasOnceBody(fleet)
    if (isDone) break
    await new Promise<void>((resolve) => {
      scheduler.after(lookMs, resolve)
    })
  }
  await fleet.releaseAll()
}

function hasBody(fleet: Fleet): boolean {
  for (const run of fleet.activeRuns) if (run.driver.hasOpenBody) return true
  return false
}

function hasOnceBody(fleet: Fleet): boolean {
  for (const run of fleet.activeRuns) if (run.driver.hasOnceBody) return true
  return false
}
