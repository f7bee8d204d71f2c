import type { Json, JsonObject } from '@meepo/core'

import type { Answer } from './answer.ts'
import type { Target } from './target.ts'

/**
 * What a provider wants to see again with its own message: the signatures of its reasoning and of its tool calls. It
 * lies in the log as `carry` of the assistant message and is only given back to the provider that wrote it.
 */
export interface Carry {
  readonly reasoning: readonly { readonly text: string; readonly metadata: Json }[]
  readonly calls: Readonly<Record<string, Json>>
}

const nothing: Carry = { reasoning: [], calls: {} }

/** `undefined` when nothing is signed, which is the rule. */
export function writeCarry(answer: Answer, target: Target): JsonObject | undefined {
  const reasoning = answer.reasoning.flatMap(({ text, metadata }) =>
    metadata === undefined ? [] : [{ text, metadata }],
  )
  const calls: Record<string, Json> = {}
  for (const { id, metadata } of answer.calls) if (metadata !== undefined) calls[id] = metadata
  if (reasoning.length === 0 && Object.keys(calls).length === 0) return undefined
  return { provider: target.provider, reasoning, calls }
}

/** Nothing for the message of another provider: it would refuse foreign signatures. */
export function readCarry(carry: JsonObject | undefined, target: Target): Carry {
  if (carry?.['provider'] !== target.provider) return nothing
  // Written by writeCarry: the provider's name is the mark.
  return carry as unknown as Carry
}
