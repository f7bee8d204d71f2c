// The words of the bench. A workload is a list of cases; a case is measured in a process of its own and gives figures;
// a figure is one number, what the same work costs without the platform (its floor), and what it must not exceed.

/** One measured number. */
export interface Figure {
  readonly case: string
  readonly value: number
  readonly unit: string
  /** The same work without the platform, in the same unit and process. `null`: there is nothing to compare with. */
  readonly floor: number | null
  /** The value must not exceed it. `null`: told, not held. */
  readonly hold: number | null
  /** It waits for the disk: on a slow one it is not held. */
  readonly isDurable: boolean
  /** Processor time behind the value, all threads, in its unit: steadier than the wall clock on a busy machine. */
  readonly cpu?: number
}

/** What a case may use. */
export interface Bench {
  /** An empty folder on the measured disk, removed afterwards. */
  readonly folder: string
  /** fdatasync p50 of that disk, milliseconds. */
  readonly diskMs: number
  /** Only shows that the case runs: few rounds, little work, nothing is held. */
  readonly isQuick: boolean
}

/** Something that is measured in a fresh process. */
export interface Case {
  readonly name: string
  measure(bench: Bench): Promise<readonly Figure[]>
}

/** Cases that belong together. */
export interface Workload {
  /** `w1` … */
  readonly id: string
  readonly title: string
  readonly cases: readonly Case[]
}
