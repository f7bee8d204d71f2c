import { restOf, type CacheWrites, type InnerUsage } from '@meepo/core'
import type { Counted } from './openai.ts'
import { CountReader, fields, list, word, type Fields } from './wire.ts'

/**
 * Usage of the Messages API: fresh, read and written tokens stand beside each other. With compaction the totals leave the
 * compaction pass out, so the passes are added up.
 */
export function anthropicBuckets(usage: Fields): Counted {
  const reader = new CountReader()
  const passes = list(usage['iterations']).map(fields)
  const own = ownPasses(passes)
  const sum = (name: string): number =>
    own.length === 0 ? reader.count(usage, name) : own.reduce((total, pass) => total + reader.count(pass, name), 0)
  const output = sum('output_tokens')
  const reasoning = reader.count(fields(usage['output_tokens_details']), 'thinking_tokens')
  const searches = reader.count(fields(usage['server_tool_use']), 'web_search_requests')
  const inner = passes.filter((pass) => pass['type'] === 'advisor_message').map((pass) => innerUsage(reader, pass))
  return {
    in: { text: sum('input_tokens') },
    read: { text: sum('cache_read_input_tokens') },
    write: writes(reader, sum('cache_creation_input_tokens'), splits(usage, own)),
    out: { text: restOf(output, reasoning, reader.flags), reasoning },
    units: searches > 0 ? { webSearch: searches } : {},
    ...(inner.length > 0 ? { inner } : {}),
    flags: [...reader.flags],
  }
}

/** The model that served the answer when the requested one would not; the totals are already its own. */
export function fallbackModel(usage: Fields): string | undefined {
  const passes = list(usage['iterations']).map(fields)
  return word(passes.findLast((pass) => pass['type'] === 'fallback_message')?.['model'])
}

/** The passes of the model itself. With a fallback on the server there is nothing to add: the totals are those of the answer. */
function ownPasses(passes: readonly Fields[]): readonly Fields[] {
  if (passes.some((pass) => pass['type'] === 'fallback_message')) return []
  return passes.filter((pass) => pass['type'] === 'compaction' || pass['type'] === 'message')
}

/** Passes tell their own split when they have one; else the split of the whole is what is known. */
function splits(usage: Fields, own: readonly Fields[]): readonly Fields[] {
  const ofPasses = own.map((pass) => pass['cache_creation']).filter((split) => split !== undefined && split !== null)
  return ofPasses.length > 0 ? ofPasses.map(fields) : [fields(usage['cache_creation'])]
}

/** What has no time to live was written for five minutes, which is the default. */
function writes(reader: CountReader, total: number, given: readonly Fields[]): CacheWrites {
  const sum = (name: string): number => given.reduce((all, split) => all + reader.count(split, name), 0)
  const h1 = sum('ephemeral_1h_input_tokens')
  const m5 = sum('ephemeral_5m_input_tokens')
  const unknown = restOf(total, h1 + m5, reader.flags)
  if (unknown > 0 && h1 + m5 < total) reader.flags.add('ttl_unknown')
  return { m5: m5 + unknown, h1 }
}

function innerUsage(reader: CountReader, pass: Fields): InnerUsage {
  return {
    model: word(pass['model']) ?? 'unknown',
    in: { text: reader.count(pass, 'input_tokens') },
    read: { text: reader.count(pass, 'cache_read_input_tokens') },
    write: writes(reader, reader.count(pass, 'cache_creation_input_tokens'), [fields(pass['cache_creation'])]),
    out: { text: reader.count(pass, 'output_tokens') },
  }
}
