import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider'
import type { JsonObject, ModelRequest, ToolSpec } from '@meepo/core'

import type { Send } from './call.ts'
import { toPrompt } from './prompt.ts'
import { isStrictSchema } from './strict-schema.ts'
import type { Target } from './target.ts'

type ProviderSchema = NonNullable<LanguageModelV4CallOptions['tools']>[number] & { type: 'function' }

/** One call in the adapters' shape. `signal` is the call's own, which also ends it when time is up. */
export function toCallOptions(
  target: Target,
  request: ModelRequest,
  send: Send,
  signal: AbortSignal,
): LanguageModelV4CallOptions {
  const { settings = {}, tools = [], outputSchema } = request
  return {
    prompt: toPrompt(request.messages, target),
    ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
    ...(settings.maxOutputTokens === undefined ? {} : { maxOutputTokens: settings.maxOutputTokens }),
    ...(settings.stop === undefined ? {} : { stopSequences: [...settings.stop] }),
    ...(settings.seed === undefined ? {} : { seed: settings.seed }),
    ...(tools.length === 0 ? {} : { tools: tools.map(toTool), toolChoice: { type: 'auto' } }),
    ...(outputSchema === undefined ? {} : { responseFormat: { type: 'json', schema: toSchema(outputSchema) } }),
    ...withProviderOptions(target, request),
    headers: { 'x-meepo-attempt-id': send.id, 'idempotency-key': send.idempotencyKey },
    abortSignal: signal,
  }
}

function toTool({ name, description, inputSchema }: ToolSpec): ProviderSchema {
  return { type: 'function', name, description, inputSchema: toSchema(inputSchema) }
}

function toSchema(schema: JsonObject): ProviderSchema['inputSchema'] {
  // A JSON Schema by contract; that it is a good one is the provider's to say.
  return schema
}

function withProviderOptions(
  target: Target,
  { settings, outputSchema }: ModelRequest,
): { providerOptions?: SharedV4ProviderOptions } {
  // Passed through and only read; the adapters' types do not say that.
  const given = settings?.providerOptions as SharedV4ProviderOptions | undefined
  const space =
    target.kind === 'openai' ? 'openai' : target.kind === 'openai-compatible' ? 'openaiCompatible' : undefined
  if (space === undefined || outputSchema === undefined || isStrictSchema(outputSchema)) {
    return given === undefined ? {} : { providerOptions: given }
  }
  // OpenAI refuses a schema with an optional property in its strict mode, which the adapters ask for by default.
  return { providerOptions: { ...given, [space]: { strictJsonSchema: false, ...given?.[space] } } }
}
