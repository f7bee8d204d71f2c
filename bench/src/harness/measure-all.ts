import { lastingRegressions, type Baseline } from './baseline.ts'
import { judge, keyOf, type Line } from './line.ts'
import type { Measured } from './measure-case.ts'
import type { Case, Workload } from './workload.ts'

/** What is asked of the figures. */
export interface Demands {
  /** Holds must hold. */
  readonly isChecked: boolean
  /** Ratios must stay near these. */
  readonly baseline?: Baseline | undefined
  /** Hears of each case when it is done. */
  readonly onLines?: (lines: readonly Line[]) => void
}

/** All figures, and what is wrong with them. */
export interface Outcome {
  readonly lines: readonly Line[]
  /** One sentence for each figure that falls short. */
  readonly shortfalls: readonly string[]
}

/** How often a case that falls short is measured altogether: other work on the machine must not decide. */
const attempts = 3

/**
 * Measures the cases one after the other. One that falls short is measured again: a hold is judged by the median of all
 * measurements, and a ratio has become worse when it is worse in each of them.
 */
export async function measureAll(
  workloads: readonly Workload[],
  measure: (workload: Workload, one: Case) => Promise<Measured>,
  demands: Demands,
): Promise<Outcome> {
  const lines: Line[] = []
  const shortfalls: string[] = []
  for (const workload of workloads) {
    for (const one of workload.cases) {
      const measured: Measured[] = []
      let wrong: readonly string[]
      do {
        measured.push(await measure(workload, one))
        wrong = shortfallsOf(workload, measured, demands)
      } while (wrong.length > 0 && measured.length < attempts)
      const judged = judge(workload, measured)
      lines.push(...judged)
      shortfalls.push(...wrong)
      demands.onLines?.(judged)
    }
  }
  return { lines, shortfalls }
}

/** What is wrong with the figures of one case, in words. */
function shortfallsOf(
  workload: Workload,
  measured: readonly Measured[],
  { isChecked, baseline }: Demands,
): readonly string[] {
  const broken = isChecked ? judge(workload, measured).filter((line) => line.ok === false) : []
  const worse = baseline
    ? lastingRegressions(
        baseline,
        measured.map((one) => judge(workload, [one])),
      )
    : []
  return [
    ...broken.map((line) => `${keyOf(line)}: ${line.value.toPrecision(4)} ${line.unit}, hold ${line.hold}`),
    ...worse.map(({ key, ratio, was }) =>
      was === undefined
        ? `${key}: not in the baseline; write it with --update`
        : `${key}: ${ratio.toPrecision(4)} times its floor, baseline ${was} (${((ratio / was - 1) * 100).toFixed(0)} % more)`,
    ),
  ]
}
