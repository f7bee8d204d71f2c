import type { Json } from '../base/json.ts'
import type { ToolMessage } from '../tool/answer.ts'

/** About how long a value is as text. */
export function sizeOf(value: Json): number {
  return typeof value === 'string' ? value.length : JSON.stringify(value).length
}

/**
 * The message as the model sees it: a result that is longer than `limit` characters is cut, and says so. Whole it stays
 * in the log.
 */
export function clipped(message: ToolMessage, limit: number): ToolMessage {
  const { result } = message
  // Most results are short texts or small objects: nothing is written out for those.
  if (typeof result === 'string' ? result.length <= limit : typeof result !== 'object' || result === null) {
    return message
  }
  const text = typeof result === 'string' ? result : JSON.stringify(result)
  if (text.length <= limit) return message
  // Not in the middle of a character of two units.
  const end = isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit
  const note = `[cut: the result has ${text.length} characters, these are the first ${end}]`
  return { ...message, result: `${text.slice(0, end)}\n${note}` }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
