import type { HealthRow } from '@meepo/core'

import { readState, standing, type Standing } from '../breaker/target-state.ts'

/** How one target is, or one key with all its models. */
export interface TargetHealth {
  readonly provider: string
  /** The label of the key. */
  readonly key: string
  /** Absent: the row is about the key. */
  readonly model?: string
  readonly region?: string
  /** `closed` is well. */
  readonly state: Standing['kind']
  /** Until when it stays so; milliseconds since 1970. */
  readonly until?: number
  /** The code of the error that made it so. */
  readonly why?: string
  /** How often in a row it was taken out of use. */
  readonly opened: number
}

/** The rows of a health board for people. */
export function describeHealth(rows: readonly HealthRow[], now: number): readonly TargetHealth[] {
  return rows.map((row) => describeRow(row, now))
}

/** A row of the board for people. The mark of the secret is left out. */
function describeRow({ key, state }: HealthRow, now: number): TargetHealth {
  const [provider = '', credential = '', ...rest] = key.split('/')
  const place = rest.join('/')
  const at = place.lastIndexOf('@')
  const model = at < 0 ? place : place.slice(0, at)
  const known = readState(state)
  const seen = standing(known, now)
  return {
    provider,
    key: credential.replace(/#[0-9a-f]{8}$/, ''),
    ...(model === '' ? {} : { model }),
    ...(at < 0 ? {} : { region: place.slice(at + 1) }),
    state: seen.kind,
    ...('until' in seen ? { until: seen.until } : {}),
    ...(known.why === undefined || seen.kind === 'closed' ? {} : { why: known.why }),
    opened: known.opened,
  }
}
