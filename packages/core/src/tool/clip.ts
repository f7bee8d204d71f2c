import type { Json } from '../base/json.ts'
import type { ToolMessage } from './answer.ts'

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
  return text.length <= limit ? message : { ...message, result: cutText(text, limit, text.length).text }
}

/** The first characters of a text, with a note for the model; `end`: how many. `whole`: how many the result has. */
export function cutText(text: string, limit: number, whole: number): { readonly text: string; readonly end: number } {
  // Not in the middle of a character of two units.
  const end = isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit
  const note = `[cut: the result has ${whole} characters, these are the first ${end}]`
  return { text: copyOf(`${text.slice(0, end)}\n${note}`), end }
}

/** The same text on its own: engines let a piece of a long text hold on to all of it. */
function copyOf(text: string): string {
  // What was written as text is read as text.
  return JSON.parse(JSON.stringify(text)) as string
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
