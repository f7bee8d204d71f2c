export { storeCases, storeCasesFor } from './store-cases.ts'
export type { StoreCapabilities, StoreCase, StoreCaseContext } from './store-case.ts'
export { check, checkEqual, checkRejects } from './check.ts'
