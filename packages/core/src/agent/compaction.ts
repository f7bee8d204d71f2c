// Makes a conversation smaller without breaking it. Calls keep their results: a result is replaced by a note, or its
// whole turn is put into a summary. The instructions and what a person said last always stay.

import type { Message, Model } from '../model/model.ts'
import { sizeOf } from '../tool/clip.ts'

/** When and how a conversation is made smaller. */
export interface CompactionRule {
  /** The window, in tokens, where nobody knows the model's or a smaller one is wanted. */
  readonly windowTokens?: number
  /** How full the window gets before something is done; 0.8 unless said. */
  readonly at?: number
  /** How full it is to be afterwards; 0.5 unless said. */
  readonly to?: number
  /** The newest turns, which stay whole while that is possible; 4 unless said. */
  readonly keepTurns?: number
  /** When removing results is not enough, a model sums up the older turns; true unless said. */
  readonly summarise?: boolean | SummaryRule
}

/** How older turns are summed up. */
export interface SummaryRule {
  /** The agent's own unless said. */
  readonly model?: string | Model
  /** What to keep, instead of the standard words. */
  readonly instructions?: string
}

/** Shorter results are left: the note would not be much shorter. */
const worthRemoving = 200

/** About how many characters a message takes. */
function messageSize(message: Message): number {
  const frame = 20
  switch (message.role) {
    case 'system':
    case 'user':
      return frame + message.text.length
    case 'assistant': {
      let size = frame + message.text.length
      for (const { name, arguments: args } of message.toolCalls ?? []) size += frame + name.length + sizeOf(args)
      return size
    }
    case 'tool':
      return frame + message.tool.length + sizeOf(message.result)
  }
}

/** About how many characters they take together. */
export function conversationSize(messages: readonly Message[]): number {
  let size = 0
  for (const message of messages) size += messageSize(message)
  return size
}

/** Where the newest `turns` turns begin: the index of an answer of the model, or the end. */
export function tailStart(messages: readonly Message[], turns: number): number {
  let left = turns
  for (let index = messages.length - 1; left > 0 && index > 0; index--) {
    if (messages[index]?.role === 'assistant' && --left === 0) return index
  }
  return turns > 0 ? 1 : messages.length
}

/** What was removed, and what is left. */
export interface Trimmed {
  readonly messages: readonly Message[]
  readonly size: number
  readonly removed: number
}

/** Removes results, oldest first and only before the newest `keepTurns` turns, until the rest takes `goal` characters. */
export function trimResults(messages: readonly Message[], goal: number, keepTurns: number): Trimmed {
  const end = tailStart(messages, keepTurns)
  const kept = [...messages]
  let size = conversationSize(messages)
  let removed = 0
  for (let index = 0; index < end && size > goal; index++) {
    const message = kept[index]
    if (message?.role !== 'tool') continue
    const length = sizeOf(message.result)
    if (length <= worthRemoving) continue
    const shorter: Message = { ...message, result: `[removed to save room: ${length} characters]` }
    size -= messageSize(message) - messageSize(shorter)
    kept[index] = shorter
    removed++
  }
  return { messages: kept, size, removed }
}

/** What is summed up, and what stands before and behind the summary. */
export interface SummaryCut {
  readonly head: readonly Message[]
  readonly old: readonly Message[]
  readonly tail: readonly Message[]
}

/** Cuts a conversation for a summary. Undefined when nothing is old enough to be summed up. */
export function cutForSummary(messages: readonly Message[], keepTurns: number): SummaryCut | undefined {
  const start = tailStart(messages, keepTurns)
  const [system] = messages
  const lastSaid = messages.findLastIndex((message) => message.role === 'user' && message.isNote !== true)
  const old = messages.slice(1, start).filter((_message, index) => index + 1 !== lastSaid)
  // One message, such as the last summary, would only be told in other words.
  if (system === undefined || old.length < 2) return undefined
  const said = lastSaid > 0 && lastSaid < start ? messages.slice(lastSaid, lastSaid + 1) : []
  return { head: [system], old, tail: [...said, ...messages.slice(start)] }
}

/** The conversation with a summary in the place of its older turns. */
export function withSummary({ head, tail }: SummaryCut, summary: string): readonly Message[] {
  const text = `Summary of the conversation so far, of which only the newest part follows:\n${summary}`
  return [...head, { role: 'user', text, isNote: true }, ...tail]
}

/** A message is told to whoever sums up with so many characters at most. */
const longestTold = 4_000

/** Messages as text for whoever sums them up, newest last; the oldest are left out beyond `limit` characters. */
export function transcript(messages: readonly Message[], limit: number): string {
  const lines = messages.map(told)
  let size = 0
  let from = lines.length
  while (from > 0 && (size += (lines[from - 1] ?? '').length + 1) <= limit) from--
  return lines.slice(from).join('\n')
}

function told(message: Message): string {
  switch (message.role) {
    case 'system':
      return ''
    case 'user':
      return `${message.isNote ? 'Note' : 'User'}: ${short(message.text)}`
    case 'assistant': {
      const calls = (message.toolCalls ?? []).map(
        ({ name, arguments: args }) => `Assistant calls ${name}: ${short(JSON.stringify(args))}`,
      )
      return [...(message.text === '' ? [] : [`Assistant: ${short(message.text)}`]), ...calls].join('\n')
    }
    case 'tool': {
      const { result, tool, isError } = message
      const text = typeof result === 'string' ? result : JSON.stringify(result)
      return `${isError ? 'Failure' : 'Result'} of ${tool}: ${short(text)}`
    }
  }
}

function short(text: string): string {
  return text.length <= longestTold ? text : `${text.slice(0, longestTold)} [… ${text.length - longestTold} more]`
}

/** What whoever sums up is told to do, unless the agent says otherwise. */
export const summaryInstructions =
  'Sum up the conversation below, so that the assistant can go on with nothing else. Keep what was asked for, what was decided and why, what was found out, what was done with which result, all names, ids, numbers and places that may be needed again, and what is still to do. Leave out what turned out not to matter. Write the summary and nothing else.'
