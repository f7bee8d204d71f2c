import { define, type AnyDefinition } from '@meepo/core'
import { z } from 'zod'
import { perform, type BodyWorld } from './body.ts'

/** Short runs without models: four steps, one of each kind of effect that matters when an owner changes. */
export function buildShared(world: BodyWorld): readonly AnyDefinition[] {
  const shared = define({
    name: 'shared',
    input: z.object({ number: z.number(), ms: z.number() }),
    limits: { activeMs: 24 * 3_600_000 },
    run: async (ctx, { ms }) => {
      const operate = (name: string, effect: 'read' | 'idempotent' | 'once') =>
        ctx.step(name, { effect }, (attempt) => {
          const caller = { runId: ctx.runId, attemptId: attempt.id, idempotencyKey: attempt.idempotencyKey }
          return perform(world, caller, `${ctx.runId}/${name}`, effect, { name }, ms)
        })
      await operate('first', 'read')
      await operate('second', 'idempotent')
      await operate('third', 'once')
      return (await operate('last', 'read')).args
    },
  })
  return [shared]
}
