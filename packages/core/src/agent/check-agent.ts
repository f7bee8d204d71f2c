import { MeepoError } from '../base/errors.ts'
import type { CompactionRule } from './compaction.ts'
import type { ProgressRule } from './progress.ts'

/** Throws `definition.invalid` for numbers that make no sense. `counts`: whole numbers above 0, or absent. */
export function checkAgent(
  name: string,
  counts: Readonly<Record<string, number | undefined>>,
  progress: ProgressRule | false,
  compaction: CompactionRule | false,
): void {
  const all: Readonly<Record<string, number | undefined>> = {
    ...counts,
    ...(progress === false
      ? {}
      : { 'progress.hintAfter': progress.hintAfter, 'progress.stopAfter': progress.stopAfter }),
    ...(compaction === false
      ? {}
      : { 'compaction.windowTokens': compaction.windowTokens, 'compaction.keepTurns': compaction.keepTurns }),
  }
  for (const [what, count] of Object.entries(all)) {
    if (count === undefined || (Number.isInteger(count) && count >= 1)) continue
    throw invalid(`${what} of agent ${name} must be a whole number above 0`)
  }
  if (compaction === false) return
  const { at = 0.8, to = Math.min(0.5, at) } = compaction
  if (to > 0 && to <= at && at <= 1) return
  throw invalid(`compaction of agent ${name}: to must be above 0, at most at, and at at most 1`)
}

function invalid(message: string): MeepoError {
  return new MeepoError('definition.invalid', message)
}
