import type { EngineCase } from './engine-case.ts'
import { effectCases } from './engine-cases-effects.ts'
import { stepCases } from './engine-cases-steps.ts'
import { streamCases } from './engine-cases-stream.ts'
import { waitingCases } from './engine-cases-waiting.ts'

/** What every engine must show, as data: no test runner is imported. */
export const engineCases: readonly EngineCase[] = [...stepCases, ...effectCases, ...waitingCases, ...streamCases]
