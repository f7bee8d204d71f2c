import { hash } from 'node:crypto'

import type { FinishReason, JsonObject, ModelRequest, ToolSpec } from '@meepo/core'

/**
 * What a line of the books says beyond tokens and money (`CallEntry.facts`). Reports and advice read it; a fact that is
 * absent is not known. No text of a prompt or an answer is ever in here.
 */
export type CallFacts = {
  /** The logical call, which one or several sends serve: the attempt id. */
  readonly callOf?: string
  /** {@link Fingerprint.request}: equal requests of one tenant to one model have equal ones. */
  readonly requestHash?: string
  /** {@link Fingerprint.prefix}: of what stays equal from call to call. */
  readonly prefixHash?: string
  /** Input tokens of that prefix: its share of the request's text, times the input tokens. */
  readonly prefixTokens?: number
  /** Input tokens by the count before the call. */
  readonly countedTokens?: number
  /** The most output tokens that were asked of the provider, after clamping. */
  readonly maxOutputTokens?: number
  /** Somebody watched the answer arrive: it cannot be put off. */
  readonly isStreamed?: true
  /** The caller said that nobody waits for it. */
  readonly canWait?: true
  /** It went through the provider's batch API, under this id. */
  readonly batchId?: string
  /** The class of service that was asked for, and the one by the provider's word. */
  readonly requestedTier?: string
  readonly servedTier?: string
  /** The region by the provider's word. */
  readonly region?: string
  readonly finish?: FinishReason
  /** Disjoint counts as the price book knows them (`UsageBuckets`), to price the call again. */
  readonly buckets?: JsonObject
  /** What is remarkable about usage and price (`PriceFlag`). */
  readonly flags?: readonly string[]
  /** The line is one caller's share of a request that served so many, as embeddings that were collected. */
  readonly sharedBy?: number
  /** The route by which the target was chosen. */
  readonly route?: string
  /** A smaller or cheaper model answered than the one that was wanted. */
  readonly degraded?: true
  /** `cached` and `shared`: the line of the books that was paid for, where it is known. */
  readonly paidBy?: string
}

/** A request by its hashes: they group equal requests and tell nothing of what is in them. */
export interface Fingerprint {
  /** Of all that decides the answer: messages, tools, schema and settings. Not the model. */
  readonly request: string
  /** Of the tools and the leading system messages, which a provider's cache can hold. Absent when there are none. */
  readonly prefix?: string
  /** Which part of the request's text the prefix is, from 0 to 1. */
  readonly prefixShare: number
}

/** Makes the fingerprint of a request. Hashes of different tenants never agree, so nothing is learnt across them. */
export function fingerprint(tenant: string, request: ModelRequest): Fingerprint {
  const { messages, tools = [], settings = {}, outputSchema } = request
  const firstOther = messages.findIndex(({ role }) => role !== 'system')
  const leading = firstOther < 0 ? messages.length : firstOther
  const head = `${tenant}\n${toolsText(tools)}\n${JSON.stringify(messages.slice(0, leading))}`
  const tail = JSON.stringify([messages.slice(leading), settings, outputSchema])
  const prefix = headHash(head)
  const ofAll = shortHash(`${prefix}\n${tail}`)
  if (tools.length === 0 && leading === 0) return { request: ofAll, prefixShare: 0 }
  return { request: ofAll, prefix, prefixShare: head.length / (head.length + tail.length) }
}

const toolsTexts = new WeakMap<readonly ToolSpec[], string>()

/** Those of an agent are written once. */
function toolsText(tools: readonly ToolSpec[]): string {
  if (tools.length === 0) return ''
  const known = toolsTexts.get(tools)
  if (known !== undefined) return known
  const text = JSON.stringify(tools)
  toolsTexts.set(tools, text)
  return text
}

/** Few beginnings serve most calls. */
const headHashes = new Map<string, string>()
const mostHeads = 64

function headHash(head: string): string {
  const known = headHashes.get(head)
  if (known !== undefined) return known
  const made = shortHash(head)
  if (headHashes.size >= mostHeads) headHashes.clear()
  headHashes.set(head, made)
  return made
}

/** 72 bits: enough for billions of requests. Of a longer text the engine would keep the whole digest in memory. */
const hashLetters = 12

function shortHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, hashLetters)
}
