import { slowDiskMs } from './disk.ts'
import type { Measured } from './measure-case.ts'
import { median } from './rounds.ts'
import type { Figure, Workload } from './workload.ts'

/** Whether a figure holds; not judged where it tells about the disk. */
type Verdict = boolean | 'n/a (disk)'

/** A judged figure: what `--json` prints. */
export interface Line {
  readonly workload: string
  readonly case: string
  readonly value: number
  readonly unit: string
  readonly floor: number | null
  readonly hold: number | null
  readonly ok: Verdict
  /** Processor time behind the value, in its unit. */
  readonly cpu?: number
  /** fdatasync p50 while it was measured, milliseconds. Only of durable figures. */
  readonly diskMs?: number
}

/** Judges what a case gave. Several measurements of it count by their medians. */
export function judge(workload: Workload, measured: readonly Measured[]): readonly Line[] {
  const [first] = measured
  return (first?.figures ?? []).map((figure, index) => {
    const same = measured.map(({ figures }) => figures[index] ?? figure)
    const diskMs = median(measured.map((one) => one.diskMs))
    const value = median(same.map((one) => one.value))
    const { floor, cpu, isDurable, ...told } = figure
    return {
      workload: workload.id,
      case: told.case,
      value,
      unit: told.unit,
      floor: floor === null ? null : medianOf(same, 'floor'),
      hold: told.hold === null ? null : medianOf(same, 'hold'),
      ok: isDurable && diskMs > slowDiskMs ? 'n/a (disk)' : told.hold === null || value <= medianOf(same, 'hold'),
      ...(cpu === undefined ? {} : { cpu: medianOf(same, 'cpu') }),
      ...(isDurable ? { diskMs } : {}),
    }
  })
}

function medianOf(figures: readonly Figure[], field: 'floor' | 'hold' | 'cpu'): number {
  return median(figures.map((figure) => figure[field] ?? 0))
}

/** By which a line is found again. */
export function keyOf(line: Line): string {
  return `${line.workload} ${line.case}`
}
