import { MeepoError, type AnyDefinition, type RunHandle, type RunLimits } from '@meepo/core'
import type { Meepo } from 'meepo'
import { definitionOf } from './definition-of.ts'

/** What `meepo resume --from` was told. */
export interface ForkAsked {
  readonly runId: string
  /** `RUN@SEQ`, or only the number. */
  readonly from: string
  readonly mayRepeat: boolean
  readonly limits: Partial<RunLimits>
}

/** Lets a new run go on from a checkpoint of another one. */
export async function forkFrom(
  meepo: Meepo,
  definitions: readonly AnyDefinition[],
  { runId, from, mayRepeat, limits }: ForkAsked,
): Promise<{ readonly handle: RunHandle; readonly definition: AnyDefinition }> {
  const id = /^\d+$/.test(from) ? `${runId}@${from}` : from
  if (!id.startsWith(`${runId}@`)) {
    throw new MeepoError('config.invalid', `--from ${from} is no checkpoint of the run ${runId}`)
  }
  const { checkpoint } = await meepo.checkpoints.show(id)
  const definition = definitionOf(definitions, checkpoint)
  meepo.engine.register(definition)
  return { handle: await meepo.checkpoints.resume(id, { mayRepeat, limits }), definition }
}
