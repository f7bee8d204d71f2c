import type { Report } from './orders.ts'
import { faultNames, type Fault } from './world/coverage.ts'

/** Sums over seeds. */
export class Figures {
  seeds = 0
  happened = 0
  logged = 0
  runs = 0
  crashes = 0
  virtualMs = 0
  readonly faults: Map<Fault, number> = new Map()
  readonly #from = performance.now()

  add({ happened, logged, runs, crashes, virtualMs, faults }: Report): void {
    this.seeds++
    this.happened += happened
    this.logged += logged
    this.runs += runs
    this.crashes += crashes
    this.virtualMs += virtualMs
    for (const [fault, count] of faults) this.faults.set(fault, (this.faults.get(fault) ?? 0) + count)
  }

  get seconds(): number {
    return (performance.now() - this.#from) / 1_000
  }
}

/** Faults that no seed showed. */
export function missingFaults({ faults }: Figures): readonly Fault[] {
  return faultNames.filter((fault) => !faults.has(fault))
}

export function describeFigures(figures: Figures): string {
  const { seeds, seconds, happened, logged, runs, crashes, virtualMs, faults } = figures
  const per = (count: number): string => (count / Math.max(1, seeds)).toFixed(1)
  const rows = faultNames.map((fault) => `  ${fault.padEnd(34)}${String(faults.get(fault) ?? 0).padStart(8)}`)
  return [
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(1)} a second)`,
    `${happened} events of the timeline, ${logged} of logs; a seed has ${per(happened)}, ${per(logged)}, ${per(runs)} runs and ${per(crashes)} crashes`,
    `${(virtualMs / 3_600_000).toFixed(1)} virtual hours`,
    ...rows,
  ].join('\n')
}

/** What is wrong with a seed, and how to see it again. */
export function describeViolations({ seed, digest, violations }: Report): string {
  const shown = violations.slice(0, 8).map(({ rule, text }) => `  ${rule}: ${text}`)
  const more = violations.length > shown.length ? [`  and ${violations.length - shown.length} more`] : []
  return [`seed ${seed} (trace ${digest.slice(0, 12)}): ${violations.length} violations`, ...shown, ...more].join('\n')
}
