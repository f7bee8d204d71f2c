import { integer, text } from '../row.ts'
import type { Desk } from './desk.ts'

/** What the writer answers to a row of health. */
export interface HealthAnswer {
  readonly isWritten: boolean
  readonly revision: number
  /** JSON. */
  readonly state: string
}

/** See `HealthBoard.write`. */
export function writeHealth(desk: Desk, key: string, revision: number, state: string): HealthAnswer {
  const latest = desk.run.findHealth.get(key)
  if (latest && integer(latest, 'revision') !== revision) {
    return { isWritten: false, revision: integer(latest, 'revision'), state: text(latest, 'state') }
  }
  desk.run.putHealth.run(key, revision + 1, state)
  return { isWritten: true, revision: revision + 1, state }
}
