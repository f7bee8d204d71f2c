import type { EngineId, RunId } from '@meepo/core'
import { noNews, type News } from '../write/news.ts'

/** What processes tell each other: the keys of runs whose logs grew, and news for engines. */
export interface Message {
  readonly runs: readonly number[]
  readonly mail: readonly { readonly runId: RunId; readonly engine: EngineId }[]
  readonly claimable: boolean
  readonly places: boolean
}

/** Adds news to what is to be said. */
export function collect(before: News | undefined, news: News): News {
  const all = before ?? noNews()
  for (const run of news.runs) all.runs.add(run)
  all.mail.push(...news.mail)
  all.claimable ||= news.claimable
  all.places ||= news.places
  return all
}

/** Undefined for one that says: look at everything. */
export function readMessage(text: string): Message | undefined {
  // Only this package writes to the channel; a release that says something else makes everybody look.
  try {
    const { runs, mail, claimable, places } = JSON.parse(text) as Partial<Message>
    if (!Array.isArray(runs) || !Array.isArray(mail)) return undefined
    return { runs, mail, claimable: claimable === true, places: places === true }
  } catch {
    return undefined
  }
}
