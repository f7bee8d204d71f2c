// The committed ratios of figures to their floors. Ratios, because another machine is another speed.

import { keyOf, type Line } from './line.ts'

/** `bench/baseline.json`. */
export interface Baseline {
  readonly machine: string
  /** Value to floor, by workload and case. */
  readonly ratios: Readonly<Record<string, number>>
}

/** How much worse than the baseline a ratio may be. */
const tolerance = 0.15

/** A ratio that cannot be accepted. */
export interface Regression {
  readonly key: string
  readonly ratio: number
  /** `undefined`: the baseline does not know it. */
  readonly was: number | undefined
}

/** The ratio to the floor. `undefined` without a floor or a hold, or where the figure tells about the disk. */
function ratioOf({ value, floor, hold, ok }: Line): number | undefined {
  return floor === null || hold === null || ok === 'n/a (disk)' ? undefined : value / floor
}

/** A baseline of these lines. What was not measured keeps what it had. */
export function toBaseline(machine: string, lines: readonly Line[], old: Baseline | undefined): Baseline {
  const ratios: Record<string, number> = { ...old?.ratios }
  for (const line of lines) {
    const ratio = ratioOf(line)
    if (ratio !== undefined) ratios[keyOf(line)] = Number(ratio.toPrecision(4))
  }
  return { machine, ratios }
}

/** What is worse in every measurement, by the best of them: noise only ever slows down. */
export function lastingRegressions(
  baseline: Baseline,
  measurements: readonly (readonly Line[])[],
): readonly Regression[] {
  const [first = [], ...others] = measurements.map((lines) => regressions(baseline, lines))
  return others.reduce(
    (lasting, found) =>
      lasting.flatMap((one) => {
        const again = found.find(({ key }) => key === one.key)
        return again ? [one.ratio <= again.ratio ? one : again] : []
      }),
    first,
  )
}

/** The lines whose ratio is more than 15 % above the baseline, or missing there. */
function regressions(baseline: Baseline, lines: readonly Line[]): readonly Regression[] {
  return lines.flatMap((line) => {
    const ratio = ratioOf(line)
    const key = keyOf(line)
    const was = baseline.ratios[key]
    if (ratio === undefined || (was !== undefined && ratio <= was * (1 + tolerance))) return []
    return [{ key, ratio, was }]
  })
}
