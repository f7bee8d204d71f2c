import type { Claim } from '@meepo/core'
import { integer, optionalNumber, text, type Row } from './row.ts'

/** A row of `runs` as an engine gets it. */
export function toClaim(found: Row, epoch: number): Claim {
  const deadlineAt = optionalNumber(found, 'deadline_at')
  return {
    runId: text(found, 'run_id'),
    epoch,
    tenant: text(found, 'tenant'),
    definition: text(found, 'definition'),
    version: text(found, 'version'),
    priority: integer(found, 'priority'),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  }
}
