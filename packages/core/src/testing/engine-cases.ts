import type { EngineCase } from './engine-case.ts'
import { moneyCases } from './engine-cases-money.ts'
import { raiseCases } from './engine-cases-raise.ts'
import { edgeCases } from './engine-cases-edges.ts'
import { effectCases } from './engine-cases-effects.ts'
import { wholeCases } from './engine-cases-engine.ts'
import { replayCases } from './engine-cases-replay.ts'
import { stepCases } from './engine-cases-steps.ts'
import { streamCases } from './engine-cases-stream.ts'
import { treeCases } from './engine-cases-tree.ts'
import { waitingCases } from './engine-cases-waiting.ts'

/** What every engine must show, as data: no test runner is imported. */
export const engineCases: readonly EngineCase[] = [
  ...stepCases,
  ...effectCases,
  ...waitingCases,
  ...treeCases,
  ...replayCases,
  ...streamCases,
  ...wholeCases,
  ...moneyCases,
  ...raiseCases,
  ...edgeCases,
]
