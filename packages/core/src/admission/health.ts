import type { JsonObject } from '../base/json.ts'

/** What is known about one way to a provider, as whoever wrote it last knew it. */
export interface HealthRow {
  /** Provider, credential, model and region; or provider and credential. */
  readonly key: string
  /** Rises with every write; 0 for a row that nobody wrote. */
  readonly revision: number
  readonly state: JsonObject
}

/**
 * Where processes tell each other which providers are ill. It holds a row for each way to a provider that ever failed,
 * and forgets nothing by itself. A row is replaced only by who has seen the latest one, so two processes never both
 * take the one probe.
 */
export interface HealthBoard {
  /** All rows. Rejects when the board cannot be reached. */
  read(): readonly HealthRow[] | Promise<readonly HealthRow[]>
  /** Replaces the row of this revision. Answers with the latest row: the new one, or that of who was faster. */
  write(row: HealthRow): HealthWrite | Promise<HealthWrite>
}

/** What became of a write. */
export interface HealthWrite {
  readonly isWritten: boolean
  readonly row: HealthRow
}

/** A board in the memory of this process. */
export function createMemoryHealthBoard(): HealthBoard {
  const rows = new Map<string, HealthRow>()
  return {
    read: () => [...rows.values()],
    write: ({ key, revision, state }) => {
      const latest = rows.get(key)
      if (latest !== undefined && latest.revision !== revision) return { isWritten: false, row: latest }
      const row = { key, revision: revision + 1, state }
      rows.set(key, row)
      return { isWritten: true, row }
    },
  }
}
