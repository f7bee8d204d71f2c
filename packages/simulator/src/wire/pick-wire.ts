import { anthropicCountTokens } from '../anthropic/count-tokens.ts'
import { anthropicMessages } from '../anthropic/messages.ts'
import { anthropic } from '../anthropic/vendor.ts'
import { geminiCountTokens } from '../gemini/count-tokens.ts'
import { geminiEmbed, geminiEmbedMany } from '../gemini/embeddings.ts'
import { geminiGenerate, geminiStream } from '../gemini/generate.ts'
import { gemini } from '../gemini/vendor.ts'
import { openaiChat } from '../openai/chat.ts'
import { openaiEmbeddings } from '../openai/embeddings.ts'
import { openaiResponses } from '../openai/responses.ts'
import { openai } from '../openai/vendor.ts'
import type { Vendor, Wire } from './wire.ts'

const BY_PATH: ReadonlyMap<string, Wire> = new Map([
  ['/v1/chat/completions', openaiChat],
  ['/v1/responses', openaiResponses],
  ['/v1/embeddings', openaiEmbeddings],
  ['/v1/messages', anthropicMessages],
  ['/v1/messages/count_tokens', anthropicCountTokens],
])

const BY_ACTION: ReadonlyMap<string, Wire> = new Map([
  ['generateContent', geminiGenerate],
  ['streamGenerateContent', geminiStream],
  ['countTokens', geminiCountTokens],
  ['embedContent', geminiEmbed],
  ['batchEmbedContents', geminiEmbedMany],
])

/** A format, and the model where it stands in the path. */
export interface Picked {
  readonly wire: Wire
  readonly model?: string
}

/** The format of a path; `undefined` for a path that is none of a model's. */
export function pickWire(path: string): Picked | undefined {
  const wire = BY_PATH.get(path)
  if (wire !== undefined) return { wire }
  const found = modelAction(path)
  const byAction = found === undefined ? undefined : BY_ACTION.get(found.action)
  return found === undefined || byAction === undefined ? undefined : { wire: byAction, model: found.model }
}

/** `/v1beta/models/MODEL:ACTION`, or `undefined`. */
export function modelAction(path: string): { readonly model: string; readonly action: string } | undefined {
  const [, model, action] = /^\/v1(?:beta)?\/models\/(.+):(\w+)$/.exec(path) ?? []
  if (model === undefined || action === undefined) return undefined
  try {
    return { model: decodeURIComponent(model), action }
  } catch {
    // Not a path that any client writes: it is answered 404 like every unknown one.
    return undefined
  }
}

/** Whose words a path is answered in when nothing else tells. */
export function vendorOf(path: string): Vendor {
  if (path.startsWith('/v1/messages')) return anthropic
  return /^(?:\/upload|\/download)?\/v1beta/.test(path) ? gemini : openai
}
