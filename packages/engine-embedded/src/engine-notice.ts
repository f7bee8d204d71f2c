import type { RunId } from '@meepo/core'

/** Something went wrong outside of any run. For logs; must not throw. */
export interface EngineNotice {
  readonly code: string
  readonly message: string
  readonly runId?: RunId
}
