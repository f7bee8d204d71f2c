import type { EngineCase } from './engine-case.ts'
import { stepCases } from './engine-cases-steps.ts'

/** What every engine must show, as data: no test runner is imported. */
export const engineCases: readonly EngineCase[] = [...stepCases]
