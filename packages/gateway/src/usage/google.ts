import { restOf, type Modalities, type UsageFlag } from '@meepo/core'
import type { Counted } from './openai.ts'
import { CountReader, fields, list, type Fields } from './wire.ts'

/** Usage of the Gemini API: cached tokens are part of the prompt, tool results and thoughts are not. */
export function googleBuckets(usage: Fields, searches: number): Counted {
  const reader = new CountReader()
  const { flags } = reader
  const prompt = reader.count(usage, 'promptTokenCount') + reader.count(usage, 'toolUsePromptTokenCount')
  const cached = reader.count(usage, 'cachedContentTokenCount')
  const inputs = add(
    modalities(reader, usage['promptTokensDetails']),
    modalities(reader, usage['toolUsePromptTokensDetails']),
  )
  const read = modalities(reader, usage['cacheTokensDetails'])
  const out = modalities(reader, usage['candidatesTokensDetails'])
  const fresh = {
    audio: restOf(inputs.audio, read.audio, flags),
    image: restOf(inputs.image, read.image, flags),
    video: restOf(inputs.video, read.video, flags),
  }
  return {
    in: { ...fresh, text: restOf(prompt, cached + fresh.audio + fresh.image + fresh.video, flags) },
    read: { ...read, text: textOf(cached, read, flags) },
    write: {},
    out: {
      ...out,
      text: textOf(reader.count(usage, 'candidatesTokenCount'), out, flags),
      reasoning: reader.count(usage, 'thoughtsTokenCount'),
    },
    units: searches > 0 ? { webSearch: searches } : {},
    flags: [...flags],
  }
}

type Other = Required<Omit<Modalities, 'text'>>

/** What is neither sound nor picture, also when the details do not mention it. */
function textOf(total: number, { audio, image, video }: Other, flags: Set<UsageFlag>): number {
  return restOf(total, audio + image + video, flags)
}

function modalities(reader: CountReader, details: unknown): Other {
  const rows = list(details).map(fields)
  const of = (modality: string): number =>
    rows
      .filter((row) => row['modality'] === modality)
      .reduce((total: number, row: Fields) => total + reader.count(row, 'tokenCount'), 0)
  return { audio: of('AUDIO'), image: of('IMAGE'), video: of('VIDEO') }
}

function add(one: Other, other: Other): Other {
  return { audio: one.audio + other.audio, image: one.image + other.image, video: one.video + other.video }
}
