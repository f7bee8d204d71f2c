import { fields, list, word, type Fields } from './wire.ts'

/**
 * Keeps the last that a provider said about usage, model and class of service: the body of an answer, or the raw chunks of
 * a stream one after the other. When a stream breaks this is all there is.
 */
export class LastWords {
  usage: Readonly<Record<string, unknown>> | undefined
  model: string | undefined
  serviceTier: string | undefined
  /** Searches that the provider made for this answer, where they are counted in its content. */
  searches: number = 0

  /** One body or chunk, parsed. What it does not mention stays as it was. */
  see(value: unknown): void {
    const said = fields(value)
    this.#read(said)
    // The Responses API and Anthropic's first chunk wrap what they tell; Groq hides it.
    for (const place of ['response', 'message', 'x_groq']) if (said[place]) this.#read(fields(said[place]))
    // Chunks repeat what was searched for.
    this.searches = Math.max(this.searches, groundings(said))
  }

  #read(part: Fields): void {
    const usage = part['usage'] ?? part['usageMetadata']
    // Later counts of a stream complete or replace the earlier ones.
    if (typeof usage === 'object' && usage !== null) this.usage = { ...this.usage, ...present(usage) }
    this.model = word(part['model']) ?? word(part['modelVersion']) ?? this.model
    this.serviceTier = word(part['service_tier']) ?? this.serviceTier
    if (!Array.isArray(part['output'])) return
    const searched = part['output'].filter((item) => fields(item)['type'] === 'web_search_call').length
    if (searched > 0) this.searches = searched
  }
}

function present(usage: object): Fields {
  const said: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(usage)) if (value !== null && value !== undefined) said[name] = value
  return said
}

function groundings(said: Fields): number {
  if (!said['candidates']) return 0
  const queries = list(said['candidates']).map((one) =>
    list(fields(fields(one)['groundingMetadata'])['webSearchQueries']),
  )
  return queries.reduce((total, { length }) => total + length, 0)
}
