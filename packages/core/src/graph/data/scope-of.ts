import type { ExpressionScope } from './cel.ts'
import type { TaskData } from './graph-data.ts'

/** What the input of a task, and the end of its rounds, may read. */
export function scopeOf({ forEach, repeat }: TaskData): ExpressionScope {
  if (forEach !== undefined) return repeat === undefined ? 'item' : 'itemRound'
  return repeat === undefined ? 'task' : 'round'
}
