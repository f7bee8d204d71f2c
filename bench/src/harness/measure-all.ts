import { regressions, type Baseline } from './baseline.ts'
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

/** Measures the cases one after the other. The median of several measurements decides about one that falls short. */
export async function measureAll(
  workloads: readonly Workload[],
  measure: (workload: Workload, one: Case) => Promise<Measured>,
  demands: Demands,
): Promise<Outcome> {
  const lines: Line[] = []
  for (const workload of workloads) {
    for (const one of workload.cases) {
      const measured = [await measure(workload, one)]
      while (measured.length < attempts && shortfallsOf(judge(workload, measured), demands).length > 0) {
        measured.push(await measure(workload, one))
      }
      const judged = judge(workload, measured)
      lines.push(...judged)
      demands.onLines?.(judged)
    }
  }
  return { lines, shortfalls: shortfallsOf(lines, demands) }
}

/** What is wrong with these lines, in words. */
function shortfallsOf(lines: readonly Line[], { isChecked, baseline }: Demands): readonly string[] {
  const broken = isChecked ? lines.filter((line) => line.ok === false) : []
  return [
    ...broken.map((line) => `${keyOf(line)}: ${line.value.toPrecision(4)} ${line.unit}, hold ${line.hold}`),
    ...(baseline ? regressions(baseline, lines) : []).map(({ key, ratio, was }) =>
      was === undefined
        ? `${key}: not in the baseline; write it with --update`
        : `${key}: ${ratio.toPrecision(4)} times its floor, baseline ${was} (${((ratio / was - 1) * 100).toFixed(0)} % more)`,
    ),
  ]
}
