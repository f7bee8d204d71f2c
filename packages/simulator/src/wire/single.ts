import type { Completion, CompletionUsage } from '../openai/completion.ts'
import type { ChatBody } from '../openai/chat-request.ts'
import type { AnswerHead, RenderedStream, Wire } from './wire.ts'

/** What a format that answers with one JSON value has to say. */
export type SingleWire = Pick<Wire, 'route' | 'vendor' | 'idPrefix' | 'isFree' | 'read'> & {
  readonly usage?: (usage: CompletionUsage) => object
  readonly value: (head: AnswerHead, usage: CompletionUsage, chat: ChatBody) => object
}

/** A format that does not generate text and has no streams. */
export function singleWire({ usage = () => ({}), value, ...rest }: SingleWire): Wire {
  const render = (head: AnswerHead, completion: Completion, chat: ChatBody): string =>
    JSON.stringify(value(head, completion.usage, chat))
  const stream = (head: AnswerHead, completion: Completion, _size: number, chat: ChatBody): RenderedStream => ({
    opening: '',
    chunks: [{ wire: render(head, completion, chat), chars: 0 }],
    tail: '',
    done: '',
  })
  return { ...rest, generates: false, usage, render, stream }
}
