/** One forward step of the file format. Never edited after its release: a change is the next number. */
export interface Migration {
  /** Counts from 1 without gaps; the file keeps the last one as `user_version`. */
  readonly number: number
  readonly name: string
  /** Processes of an older release that have the file open must stop writing once it ran. */
  readonly isBreaking: boolean
  readonly sql: string
}
