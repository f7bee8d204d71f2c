import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { LineFile } from './evidence.ts'

/** Where this worker is to die. */
export interface KillOrder {
  readonly point: string
  /** Passes of the point that survive. */
  readonly skip: number
  /** Only while so many bodies run. */
  readonly minOpen: number
}

/** Points that the writer thread passes: it is told by a file, since nothing else reaches it at once. */
export const writerPoints: readonly string[] = ['store.begin', 'store.before_commit', 'store.after_commit']

/** Points that the main thread passes. */
export const mainPoints: readonly string[] = [
  'create.acked',
  'append.before',
  'append.acked',
  'end.before',
  'deliver.acked',
  'claim.after',
  'release.before',
  'takeover.after',
  'effect.before',
  'effect.after',
  'model.answered',
  'reconcile.before',
]

/** Points of the main thread that are passed only where a cluster brings the runs. */
export const dispatchPoints: readonly string[] = ['send.before', 'send.acked', 'take.after']

/** A worker's way to end itself in the middle of something. */
export interface KillSwitch {
  arm(order: KillOrder): void
  /** Passes a point of the main thread. */
  readonly point: (name: string) => void
}

/** `armFile`: how the writer thread is told. Without one the main thread passes all points. */
export function createKillSwitch(
  armFile: string | undefined,
  worker: number,
  lines: LineFile,
  openBodies: () => number,
): KillSwitch {
  let order: KillOrder | undefined
  let left = 0
  const armWriter = (): void => {
    if (!order || armFile === undefined || !writerPoints.includes(order.point)) return
    // The writer gets there a little later, when some of them may have ended.
    if (openBodies() < order.minOpen + 6) setTimeout(armWriter, 5)
    else writeFileSync(armFile, order.point)
  }
  return {
    arm: (given) => {
      order = given
      left = given.skip
      armWriter()
    },
    point: (name) => {
      if (order?.point !== name || openBodies() < order.minOpen || left-- > 0) return
      lines.write({ kind: 'killed', at: Date.now(), worker, point: name })
      process.kill(process.pid, 'SIGKILL')
    },
  }
}

/** What the writer thread does at each of its points. */
export function passWriterPoint(armFile: string, worker: number, name: string, lines: () => LineFile): void {
  if (!existsSync(armFile) || readFileSync(armFile, 'utf8') !== name) return
  rmSync(armFile)
  lines().write({ kind: 'killed', at: Date.now(), worker, point: name })
  process.kill(process.pid, 'SIGKILL')
}
