import type { ErrorCode } from '@meepo/core'

import type { Failure } from './failure.ts'

/** How far a call had come when it failed. */
export type Phase = 'before-answer' | 'in-answer'

/** What a failure means. */
export interface Verdict {
  readonly code: ErrorCode
  /** One clause for people, without anything the provider said. */
  readonly summary: string
  /** Where the code's own rule does not hold. */
  readonly retryable?: boolean
  /** The request never left this process. */
  readonly notSent?: true
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])
const silent = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])
const noCredit = new Set(['insufficient_quota', 'billing_error', 'billing_hard_limit_reached', 'insufficient_balance'])
const limited = new Set(['rate_limit_error', 'rate_limit_exceeded', 'resource_exhausted'])
const overloaded = new Set(['overloaded_error', 'overloaded', 'engine_overloaded', 'server_overloaded'])
const tooLong = new Set(['context_length_exceeded', 'context_window_exceeded', 'string_above_max_length'])
const filtered = new Set(['content_filter', 'content_policy_violation', 'responsibleaipolicyviolation'])
const badKey = new Set([
  'invalid_api_key',
  'authentication_error',
  'api_key_invalid',
  'unauthenticated',
  'permission_error',
])

/**
 * Vendors without a code of their own for a conversation that is too long. The one place where message text is
 * matched: of each pattern the vendor is named.
 */
const tooLongMessages: readonly RegExp[] = [
  /prompt is too long: \d+ tokens/i, // Anthropic
  /input length and `?max_tokens`? exceed context limit/i, // Anthropic
  /input token count .*exceeds the maximum/i, // Google
  /maximum context length (?:of this model )?is \d+/i, // OpenAI's old text, vLLM, OpenRouter
  /exceeds the available context size/i, // llama.cpp
  /longer than the model's context length/i, // SGLang
]

/** Errors that the adapters throw before they send anything. */
const refusedLocally = new Set([
  'AI_InvalidPromptError',
  'AI_InvalidArgumentError',
  'AI_UnsupportedFunctionalityError',
  'AI_LoadAPIKeyError',
  'AI_LoadSettingError',
  'AI_NoSuchModelError',
])

/** Decides the code. The order matters: words of the vendor say more than a status, a status more than silence. */
export function classify(failure: Failure, phase: Phase): Verdict {
  const said = (words: ReadonlySet<string>): boolean => failure.words.some((word) => words.has(word))
  const { status, network, name = '' } = failure
  if (refusedLocally.has(name)) {
    return { code: 'model.rejected', summary: 'cannot take this request', notSent: true }
  }
  if (said(filtered)) return { code: 'model.content_filter', summary: 'refused because of its content filter' }
  if (said(tooLong) || isTooLongMessage(failure)) {
    return { code: 'model.context_length', summary: 'refused: the conversation is longer than its context window' }
  }
  if (said(noCredit) || status === 402) {
    return {
      code: 'model.rate_limited',
      summary: 'refused: the quota or credit of the account is used up',
      retryable: false,
    }
  }
  if (said(overloaded) || status === 529) return { code: 'model.overloaded', summary: 'is overloaded' }
  if (status === 429 || said(limited))
    return { code: 'model.rate_limited', summary: 'refused because of its rate limit' }
  if (status === 401 || status === 403 || said(badKey)) {
    return { code: 'model.unauthorized', summary: 'refused the key' }
  }
  if (phase === 'in-answer') {
    return { code: 'model.interrupted', summary: 'ended its answer before it was complete' }
  }
  if (status !== undefined && status >= 400) return byStatus(status)
  if (network !== undefined) return byNetwork(network, status !== undefined)
  // A call error of the adapter without a status never got as far as an answer.
  if (status !== undefined || (name.startsWith('AI_') && name !== 'AI_APICallError')) {
    return { code: 'model.bad_response', summary: 'answered with something that is no model answer' }
  }
  return { code: 'model.unavailable', summary: 'cannot be reached' }
}

function byStatus(status: number): Verdict {
  if (status === 404) return { code: 'model.not_found', summary: 'does not know the model or the address' }
  if (status === 408 || status === 409 || status >= 500) {
    return { code: 'model.unavailable', summary: 'answered with an error of its own' }
  }
  return { code: 'model.rejected', summary: 'rejected the request as invalid' }
}

function byNetwork(network: string, hasAnswered: boolean): Verdict {
  if (silent.has(network)) return { code: 'model.timeout', summary: 'did not answer in time' }
  if (hasAnswered) return { code: 'model.interrupted', summary: 'ended its answer before it was complete' }
  if (unreachable.has(network)) return { code: 'model.unavailable', summary: 'cannot be reached', notSent: true }
  if (/^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(network)) {
    return {
      code: 'model.unavailable',
      summary: 'has a certificate that cannot be trusted',
      retryable: false,
      notSent: true,
    }
  }
  // The connection was there: the request may have arrived, and may be billed.
  return { code: 'model.unavailable', summary: 'closed the connection without an answer' }
}

function isTooLongMessage({ status, message = '' }: Failure): boolean {
  return (
    (status === undefined || status === 400 || status === 413) && tooLongMessages.some((text) => text.test(message))
  )
}
