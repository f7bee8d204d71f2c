// A door of its own for those who write stores: a writer thread loads these rules and nothing else of this package.
export {
  decideGrant,
  reachedMarks,
  readAccounts,
  readAmount,
  readPositive,
  type AccountState,
  type ChargedAccount,
  type FindAccount,
  type ReachedMark,
} from './account-rules.ts'
export {
  addSums,
  chargeOf,
  defaultReportRows,
  everything,
  noSums,
  planReport,
  reportOf,
  rollUpsOfLine,
  toCostRow,
  type Adjusted,
  type Charge,
  type CostSums,
  type ReportPlan,
  type RollUp,
} from './roll-up.ts'
export { adoptRule, advance, createBucket, isIdle, type Bucket } from '../admission/limits/bucket.ts'
export {
  abandonOne,
  learnOne,
  releaseOne,
  settleOne,
  takeAll,
  type CounterRows,
  type OpenPermit,
  type PermitPart,
} from '../admission/limits/decide.ts'
export type { Crowd, Place, Share, Turns } from '../admission/limits/turns.ts'
export { sumWaiting } from '../admission/limits/statistics.ts'
export { viewOf } from '../admission/limits/view.ts'
export { accountEnds, chargedMarks, isChargedTo } from './charged.ts'
