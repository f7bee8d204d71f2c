/** Everything that can go wrong in a simulation. */
export const faultNames = [
  'kill at a moment',
  'kill at a place',
  'pause until taken for dead',
  'orderly stop',
  'power cut',
  'torn write',
  'store restart',
  'failed sync',
  'disk full',
  'slow disk',
  'process cut off from the store',
  'writes arrive after they were given up',
  'counters away',
  'clock of a process jumps',
  'clock of the store jumps',
  'provider 429',
  'provider 429 storm',
  'provider 5xx',
  'provider unreachable',
  'provider hang',
  'provider reset',
  'provider cut',
  'provider slow',
  'tool refuses before it begins',
  'answer of a tool lost',
] as const

/** The name of a fault. */
export type Fault = (typeof faultNames)[number]

/** Counts how often each fault came about. */
export class Coverage {
  readonly counts: Map<Fault, number> = new Map()

  hit(fault: string): void {
    // Every caller names one of the list: an unknown name is a mistake in here.
    const known = faultNames.find((name) => name === fault)
    if (known === undefined) throw new Error(`the list of faults has no ${fault}`)
    this.counts.set(known, (this.counts.get(known) ?? 0) + 1)
  }
}
