import type {
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4ToolCall,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type { Json } from '@meepo/core'

/** What arrived, streamed or not, before it is judged. */
export interface Answer {
  text: string
  readonly reasoning: { text: string; metadata?: Json }[]
  readonly calls: { id: string; name: string; input: string; metadata?: Json }[]
  /** Missing: the stream ended before its end. */
  finish?: LanguageModelV4FinishReason
  /** The model by the provider's word. */
  model?: string
}

/** An answer to which nothing was added. */
export function emptyAnswer(): Answer {
  return { text: '', reasoning: [], calls: [] }
}

/** An answer that came in one piece. */
export function fromResult(result: LanguageModelV4GenerateResult): Answer {
  const answer = emptyAnswer()
  for (const part of result.content) {
    if (part.type === 'text') answer.text += part.text
    else if (part.type === 'reasoning') answer.reasoning.push({ text: part.text, ...signed(part.providerMetadata) })
    else if (part.type === 'tool-call') addCall(answer, part)
  }
  answer.finish = result.finishReason
  answer.model = result.response?.modelId
  return answer
}

/** UTF-16 units of text, reasoning and tool input: what an answer is counted by when its provider does not say. */
export function unitsOf({ content }: Pick<LanguageModelV4GenerateResult, 'content'>): number {
  let units = 0
  for (const part of content) {
    if (part.type === 'text' || part.type === 'reasoning') units += part.text.length
    else if (part.type === 'tool-call') units += part.input.length
  }
  return units
}

/** Adds a call that we have to run; what the provider ran itself is its own affair. */
export function addCall(answer: Answer, part: LanguageModelV4ToolCall): void {
  if (part.providerExecuted) return
  const { toolCallId: id, toolName: name, input } = part
  answer.calls.push({ id, name, input, ...signed(part.providerMetadata) })
}

/** The metadata of a part, when there is any. */
export function signed(metadata: SharedV4ProviderMetadata | undefined): { metadata?: Json } {
  if (metadata === undefined) return {}
  // Adapters put optional fields there as undefined, which is no JSON.
  const json: Json = JSON.parse(JSON.stringify(metadata))
  return JSON.stringify(json) === '{}' ? {} : { metadata: json }
}
