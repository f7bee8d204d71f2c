import { restOf, type UsageBuckets } from '@meepo/core'
import { CountReader, fields, type Fields } from './wire.ts'

/** What `source` and `raw` are is known by the caller. */
export type Counted = Omit<UsageBuckets, 'source' | 'raw'>

/** Usage of chat completions and of servers that speak like them. Cached and written tokens are parts of the prompt. */
export function chatBuckets(usage: Fields): Counted {
  const reader = new CountReader()
  const prompt = fields(usage['prompt_tokens_details'])
  const total = reader.count(usage, 'prompt_tokens')
  // Vendors that nobody copied call the cached tokens otherwise, and put them beside the details.
  const read = reader.count(prompt, 'cached_tokens') || reader.count(usage, 'prompt_cache_hit_tokens', 'cached_tokens')
  const written =
    reader.count(prompt, 'cache_write_tokens', 'cache_creation_tokens') || reader.count(usage, 'cache_write_tokens')
  return assemble(reader, { total, read, written, details: prompt, units: {} }, outputOf(reader, usage))
}

/** Usage of the Responses API. */
export function responsesBuckets(usage: Fields, searches: number): Counted {
  const reader = new CountReader()
  const details = fields(usage['input_tokens_details'])
  const input = {
    total: reader.count(usage, 'input_tokens'),
    read: reader.count(details, 'cached_tokens'),
    written: reader.count(details, 'cache_write_tokens'),
    details,
    units: searches > 0 ? { webSearch: searches } : nothing,
  }
  const out = fields(usage['output_tokens_details'])
  const total = reader.count(usage, 'output_tokens')
  return assemble(reader, input, { total, reasoning: reader.count(out, 'reasoning_tokens'), audio: 0, image: 0 })
}

const nothing: Readonly<Record<string, number>> = {}

interface Input {
  readonly total: number
  readonly read: number
  readonly written: number
  readonly details: Fields
  readonly units: Readonly<Record<string, number>>
}

interface Output {
  readonly total: number
  readonly reasoning: number
  readonly audio: number
  readonly image: number
}

function outputOf(reader: CountReader, usage: Fields): Output {
  const details = fields(usage['completion_tokens_details'])
  const completion = reader.count(usage, 'completion_tokens')
  const reasoning = reader.count(details, 'reasoning_tokens')
  // Some vendors count reasoning beside the completion; their total tells.
  const sum = reader.count(usage, 'prompt_tokens') + completion + reasoning
  const isBeside = reasoning > 0 && reader.count(usage, 'total_tokens') === sum
  return {
    total: isBeside ? completion + reasoning : completion,
    reasoning,
    audio: reader.count(details, 'audio_tokens'),
    image: reader.count(details, 'image_tokens'),
  }
}

function assemble(reader: CountReader, input: Input, output: Output): Counted {
  const { flags } = reader
  const cached = fields(input.details['cached_tokens_details'])
  const read = { audio: reader.count(cached, 'audio_tokens'), image: reader.count(cached, 'image_tokens') }
  const fresh = {
    audio: restOf(reader.count(input.details, 'audio_tokens'), read.audio, flags),
    image: restOf(reader.count(input.details, 'image_tokens'), read.image, flags),
  }
  const split = fields(input.details['cache_write_tokens_details'])
  const write = { m30: reader.count(split, 'ttl_30m_tokens'), h12: reader.count(split, 'ttl_12h_tokens') }
  const written = Math.max(input.written, write.m30 + write.h12)
  if (written > input.written) flags.add('usage_inconsistent')
  return {
    in: { text: restOf(input.total, input.read + written + fresh.audio + fresh.image, flags), ...fresh },
    read: { text: restOf(input.read, read.audio + read.image, flags), ...read },
    write: { ...write, other: written - write.m30 - write.h12 },
    out: {
      text: restOf(output.total, output.reasoning + output.audio + output.image, flags),
      audio: output.audio,
      image: output.image,
      reasoning: output.reasoning,
    },
    units: input.units,
    flags: [...flags],
  }
}
