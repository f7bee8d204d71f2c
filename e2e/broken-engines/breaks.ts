import { stepsBreaks } from './breaks/steps.ts'
import { effectsBreaks } from './breaks/effects.ts'
import { waitingBreaks } from './breaks/waiting.ts'
import { treeBreaks } from './breaks/tree.ts'
import { replayBreaks } from './breaks/replay.ts'
import { streamBreaks } from './breaks/stream.ts'
import { engineBreaks } from './breaks/engine.ts'
import { moneyBreaks } from './breaks/money.ts'
import { raiseBreaks } from './breaks/raise.ts'
import { edgesBreaks } from './breaks/edges.ts'
import type { Break } from './break.ts'

/** One file for each file of cases. Every case is named by one break at least. */
export const breaks: readonly Break[] = [
  ...stepsBreaks,
  ...effectsBreaks,
  ...waitingBreaks,
  ...treeBreaks,
  ...replayBreaks,
  ...streamBreaks,
  ...engineBreaks,
  ...moneyBreaks,
  ...raiseBreaks,
  ...edgesBreaks,
]
