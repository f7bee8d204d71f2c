import type { StoreCapabilities, StoreCase } from './store-case.ts'
import { booksCases } from './store-cases-books.ts'
import { costCases } from './store-cases-costs.ts'
import { dataCases } from './store-cases-data.ts'
import { followCases } from './store-cases-follow.ts'
import { healthCases } from './store-cases-health.ts'
import { inboxCases } from './store-cases-inbox.ts'
import { isolationCases } from './store-cases-isolation.ts'
import { leaseCases } from './store-cases-leases.ts'
import { orphanCases } from './store-cases-orphans.ts'
import { logCases } from './store-cases-log.ts'
import { moneyCases } from './store-cases-money.ts'
import { openCases } from './store-cases-open.ts'
import { placeCases } from './store-cases-places.ts'
import { pruneCases } from './store-cases-prune.ts'
import { totalCases } from './store-cases-totals.ts'
import { upkeepCases } from './store-cases-upkeep.ts'
import { watchCases } from './store-cases-watch.ts'

/** What every store must show, as data: no test runner is imported. */
export const storeCases: readonly StoreCase[] = [
  ...logCases,
  ...inboxCases,
  ...leaseCases,
  ...orphanCases,
  ...placeCases,
  ...watchCases,
  ...followCases,
  ...isolationCases,
  ...dataCases,
  ...pruneCases,
  ...moneyCases,
  ...costCases,
  ...totalCases,
  ...booksCases,
  ...healthCases,
  ...openCases,
  ...upkeepCases,
]

/** The cases that hold for a store with these capabilities. */
export function storeCasesFor(capabilities: StoreCapabilities): readonly StoreCase[] {
  return storeCases.filter((one) => one.needs === undefined || capabilities[one.needs])
}
