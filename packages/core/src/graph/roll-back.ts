import { toErrorData } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import { isRunEnding } from '../run/run-ending.ts'
import type { RolledBack } from './outcome.ts'
import type { GraphNode } from './plan.ts'
import type { Rollback } from './task.ts'

/** A completed run of a task that can be undone. */
export interface Done {
  readonly node: GraphNode
  readonly rollback: Rollback
  readonly input: unknown
  readonly result: unknown
  readonly index?: number
}

/**
 * Undoes what was done, the last first, one after the other: each as a step or child of its own, so that it is recorded,
 * and goes on after a crash with what is left. One that fails is reported, and the others are undone all the same.
 */
export async function rollBack(ctx: RunContext, prefix: string, done: readonly Done[]): Promise<readonly RolledBack[]> {
  const undone: RolledBack[] = []
  for (const [at, each] of [...done.entries()].toReversed()) {
    const { node, index } = each
    const told = { taskId: node.id, ...(index === undefined ? {} : { index }) }
    try {
      await undo(ctx, `${prefix}rollback:${node.id}${index === undefined ? '' : `[${index}]`}:${at}`, each)
      undone.push(told)
    } catch (thrown) {
      if (ctx.signal.aborted || (typeof each.rollback === 'function' && isRunEnding(ctx, thrown))) throw thrown
      undone.push({ ...told, error: toErrorData(thrown) })
    }
  }
  return undone
}

function undo(ctx: RunContext, name: string, { rollback, input, result, node }: Done): Promise<unknown> {
  const done = { input, result }
  if (typeof rollback !== 'function') return ctx.child(rollback, name, done)
  const options = { effect: 'idempotent', meta: { kind: 'task', task: node.id } } as const
  return ctx.step(name, options, (attempt) => rollback(done, attempt))
}
