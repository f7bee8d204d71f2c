import { readFileSync } from 'node:fs'
import type { Rates, SizeTier } from '@meepo/core'
import { piAi } from './rules.ts'
import { perToken, type SourceModel } from './source.ts'

/** Dollars per million tokens. Zero stands for "unknown" in all but input and output. */
interface PiAiCost {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** A row of the package. */
export interface PiAiModel {
  readonly id: string
  readonly reasoning: boolean
  readonly input: readonly string[]
  readonly cost: PiAiCost & { readonly tiers?: readonly (PiAiCost & { readonly inputTokensAbove: number })[] }
  readonly contextWindow: number
  readonly maxTokens: number
}

/** The committed extract of the package. */
export interface PiAiTables {
  readonly source: string
  readonly generatedAt: string
  readonly tables: Readonly<Record<string, readonly PiAiModel[]>>
}

/** Reads the committed extract. */
export function readPiAi(): PiAiTables {
  // Written by fetch-pi-ai.ts.
  return JSON.parse(readFileSync(new URL(piAi.file, import.meta.url), 'utf8')) as PiAiTables
}

/** The models of one provider. */
export function piAiModels(tables: PiAiTables, provider: string): readonly SourceModel[] {
  return (tables.tables[provider] ?? []).map((model) => ({
    id: model.id,
    aliases: [],
    periods: [{ rates: ratesOf(model.cost, provider), ...sizeTiers(model, provider) }],
    limits: { contextTokens: model.contextWindow, maxOutputTokens: model.maxTokens },
    can: [
      'tools',
      ...(model.input.includes('image') ? (['images'] as const) : []),
      ...(model.reasoning ? (['reasoning'] as const) : []),
    ],
  }))
}

function sizeTiers({ cost }: PiAiModel, provider: string): { sizeTiers?: readonly SizeTier[] } {
  if (!cost.tiers) return {}
  return {
    sizeTiers: cost.tiers.map((tier) => ({ at: tier.inputTokensAbove, op: 'gt', rates: ratesOf(tier, provider) })),
  }
}

function ratesOf({ input, output, cacheRead, cacheWrite }: PiAiCost, provider: string): Rates {
  const write = provider === 'anthropic' ? 'm5' : 'other'
  return {
    in: { text: perToken(input) },
    ...(cacheRead > 0 ? { read: { text: perToken(cacheRead) } } : {}),
    ...(cacheWrite > 0 ? { write: { [write]: perToken(cacheWrite) } } : {}),
    out: { text: perToken(output) },
  }
}
