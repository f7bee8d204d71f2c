import { getHeapStatistics } from 'node:v8'
import { MeepoError } from '@meepo/core'
import type { EngineNotice } from './engine-notice.ts'

/** When an engine takes less work, by the share of the heap that is in use. */
export interface MemoryMarks {
  /** From here on no further run is taken from the queue, and waiting runs leave memory. 0.8 unless said. */
  readonly soft?: number
  /** From here on starts and resumes are refused. 0.92 unless said. */
  readonly hard?: number
  /** Bytes in use and bytes that there are; V8's heap, and what old objects may fill of it, unless said. */
  readonly measure?: () => { readonly used: number; readonly limit: number }
}

/** How the memory of a process stands. */
export interface MemoryView {
  readonly state: 'normal' | 'soft' | 'hard'
  readonly usedBytes: number
  readonly limitBytes: number
  /** Since the engine was made: how often a mark was passed, and starts that were refused. */
  readonly passed: number
  readonly refused: number
}

/** Leaves a state only this far below its mark, so that it does not come and go with each collection. */
const slack = 0.05

/**
 * Keeps a process from dying of its heap: whoever takes work asks it first. It knows what it saw when it looked last.
 */
export class MemoryGuard {
  readonly #soft: number
  readonly #hard: number
  readonly #measure: NonNullable<MemoryMarks['measure']>
  readonly #notice: (notice: EngineNotice) => void
  #state: MemoryView['state'] = 'normal'
  #passed = 0
  #refused = 0

  constructor(marks: MemoryMarks | false, notice: (notice: EngineNotice) => void) {
    const { soft = 0.8, hard = 0.92, measure = heap } = marks === false ? { soft: Infinity, hard: Infinity } : marks
    if (marks !== false && !(soft > 0 && soft <= hard && hard <= 1)) {
      throw new MeepoError(
        'config.invalid',
        `memory: ${soft} and ${hard} are no shares of the heap, one below the other`,
      )
    }
    this.#soft = soft
    this.#hard = hard
    this.#measure = measure
    this.#notice = notice
  }

  get view(): MemoryView {
    const { used, limit } = this.#measure()
    return { state: this.#state, usedBytes: used, limitBytes: limit, passed: this.#passed, refused: this.#refused }
  }

  /** No run is to be taken, and those that wait are to leave. */
  get isTight(): boolean {
    return this.#state !== 'normal'
  }

  /** Looks at the memory. Takes about a microsecond. */
  look(): void {
    const { used, limit } = this.#measure()
    const share = used / limit
    const before = this.#state
    const isAbove = (mark: number, isIn: boolean): boolean => share >= (isIn ? mark - slack : mark)
    if (isAbove(this.#hard, before === 'hard')) this.#state = 'hard'
    else this.#state = isAbove(this.#soft, before !== 'normal') ? 'soft' : 'normal'
    if (rank[this.#state] > rank[before]) this.#tell(used, limit)
  }

  /** Throws `engine.overloaded` when it was above the hard mark. */
  refuse(): void {
    if (this.#state !== 'hard') return
    this.#refused++
    const { used, limit } = this.#measure()
    throw new MeepoError('engine.overloaded', `the process takes no new work: ${share(used, limit)}`)
  }

  #tell(used: number, limit: number): void {
    this.#passed++
    const what = this.#state === 'hard' ? 'new work is refused' : 'no run is taken, and waiting runs leave memory'
    this.#notice({ code: 'engine.overloaded', message: `${share(used, limit)}: ${what}` })
  }
}

const rank = { normal: 0, soft: 1, hard: 2 } as const

function share(used: number, limit: number): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`
  return `${megabytes(used)} of ${megabytes(limit)} of the heap are in use`
}

/** What V8 sets aside for young objects at most, as part of its limit: a process dies when the old ones fill the rest. */
const youngBytes = 96 * 1024 * 1024

/** Young objects count as well: those that live on are about to be old, many at once. */
function heap(): { readonly used: number; readonly limit: number } {
  const { used_heap_size: used, heap_size_limit: whole } = getHeapStatistics()
  return { used, limit: Math.max(whole - youngBytes, whole / 4) }
}
