/**
 * Milliseconds of running time of this machine: the same for all its processes, and nobody can set it. It begins anew
 * when the machine does.
 */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/** What the file knows of time: the last one that was used, and how far it is ahead of the machine's. */
export interface FileClock {
  readonly last: number
  readonly aheadMs: number
}

/** The time now. Where the machine began anew it goes on from the last one: a clock that went back refills nothing. */
export function tick({ last, aheadMs }: FileClock, machine: number): FileClock {
  const now = machine + aheadMs
  return now >= last ? { last: now, aheadMs } : { last, aheadMs: last - machine }
}
