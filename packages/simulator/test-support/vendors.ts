import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider'

/** One format, as a real client speaks it. */
export interface VendorCase {
  readonly name: string
  readonly model: (url: string, apiKey?: string) => LanguageModelV4
}

export const vendors: readonly VendorCase[] = [
  {
    name: 'openai.chat',
    model: (url, apiKey = 'k') => createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat('m'),
  },
  {
    name: 'openai-compatible',
    model: (url, apiKey = 'k') =>
      createOpenAICompatible({ name: 'sim', baseURL: `${url}/v1`, apiKey, includeUsage: true }).chatModel('m'),
  },
  {
    name: 'openai.responses',
    model: (url, apiKey = 'k') => createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses('m'),
  },
  {
    name: 'anthropic.messages',
    model: (url, apiKey = 'k') => createAnthropic({ baseURL: `${url}/v1`, apiKey })('m'),
  },
  {
    name: 'gemini.generate',
    model: (url, apiKey = 'k') => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey })('m'),
  },
]

export const hello: LanguageModelV4Prompt = [{ role: 'user', content: [{ type: 'text', text: 'add 1 and 2, twice' }] }]

export const tools = [
  {
    type: 'function' as const,
    name: 'add',
    description: 'Adds.',
    inputSchema: { type: 'object' as const, properties: { first: { type: 'number' as const } } },
  },
]

/** All parts of a stream; the error it ends with is thrown. */
export async function partsOf(
  model: LanguageModelV4,
  options: Partial<Parameters<LanguageModelV4['doStream']>[0]> = {},
): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await model.doStream({ prompt: hello, maxOutputTokens: 1000, ...options })
  const parts: LanguageModelV4StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}
