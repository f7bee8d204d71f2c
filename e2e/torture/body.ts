import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { canonicalJson, MeepoError, type Effect, type Json, type Models, type Reconciled } from '@meepo/core'
import { findEffect, stallMark, writeEffect, type BodyLine, type LineFile } from './evidence.ts'

/** What bodies report to. */
export interface BodyWorld {
  readonly folder: string
  readonly worker: number
  readonly lines: LineFile
  /** Passes a named fault point: the process may end in here. */
  readonly point: (name: string) => void
  /** Bodies that are running now. */
  readonly open: { count: number }
  /** Whether bodies fail by chance. */
  readonly isRough: boolean
}

/** Who calls: a step's attempt, or a tool call. */
export interface Caller {
  readonly runId: string
  readonly attemptId: string
  readonly idempotencyKey: string
}

/** A digest by which arguments are compared. */
function argsHash(args: Json): string {
  return createHash('sha256').update(canonicalJson(args)).digest('hex').slice(0, 16)
}

/** Does one operation: begins, takes its time, makes its effect, ends. Returns the arguments it acted on. */
export async function perform(
  world: BodyWorld,
  caller: Caller,
  operation: string,
  effect: Effect,
  args: Json,
  ms: number,
): Promise<{ args: string }> {
  const { lines, point, worker, open } = world
  const line = (phase: BodyLine['phase']): BodyLine => ({
    phase,
    at: Date.now(),
    worker,
    runId: caller.runId,
    operation,
    key: caller.idempotencyKey,
    attempt: caller.attemptId,
    effect,
    ...(phase === 'effect' ? { args: argsHash(args) } : {}),
  })
  lines.write(line('begin'))
  open.count++
  try {
    // Every other body acts at once and takes its time after: what it acts on may be younger than the last commit.
    const isPrompt = operation.length % 2 === 0
    if (!isPrompt) await delay(ms)
    roll(
      world,
      0.03,
      () => new MeepoError('tool.failed', 'refused before anything happened', { retryable: true, notSent: true }),
    )
    if (effect !== 'read') {
      point('effect.before')
      writeEffect(world.folder, line('effect'))
      point('effect.after')
      roll(world, 0.03, () => new MeepoError('tool.failed', 'the answer was lost', { retryable: true }))
    }
    await delay(isPrompt ? ms : ms / 4)
    return { args: argsHash(args) }
  } finally {
    open.count--
    lines.write(line('end'))
  }
}

function roll(world: BodyWorld, chance: number, error: () => MeepoError): void {
  if (world.isRough && Math.random() < chance) throw error()
}

/** Looks into the effect files. While a stalled worker may come back, an effect that is not there may still come. */
export function lookUp(world: BodyWorld, key: string): Promise<Reconciled<{ args: string }>> {
  world.point('reconcile.before')
  const isUncertain = existsSync(stallMark(world.folder))
  const found = findEffect(world.folder, key)
  if (found?.args !== undefined) return Promise.resolve({ kind: 'done', result: { args: found.args } })
  return Promise.resolve({ kind: isUncertain ? 'unknown' : 'not_done' })
}

/** Models whose calls leave the lines of a body and pass a point when the answer is there. */
export function watchModels(models: Models, world: BodyWorld): Models {
  return {
    resolve: (name) => {
      const model = models.resolve(name)
      return {
        id: model.id,
        call: async (request, call) => {
          const { attemptId: attempt, idempotencyKey: key } = call
          const runId = key.slice(0, key.indexOf('/'))
          const common = { worker: world.worker, runId, operation: key, key, attempt, effect: 'idempotent' } as const
          world.lines.write({ phase: 'begin', at: Date.now(), ...common } satisfies BodyLine)
          world.open.count++
          try {
            const answer = await model.call(request, call)
            world.point('model.answered')
            return answer
          } finally {
            world.open.count--
            world.lines.write({ phase: 'end', at: Date.now(), ...common } satisfies BodyLine)
          }
        },
      }
    },
  }
}
