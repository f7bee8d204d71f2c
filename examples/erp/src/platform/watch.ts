/** One run of a body: `key` is the same for all tries of a step, in all processes. */
interface Execution {
  readonly key: string
  readonly name: string
  readonly args: unknown
}

/** Where a watcher may look in, besides bodies: a child that begins, an answer that came, a file that is about to get its name. */
type Place = 'child' | 'answer' | 'temporary-file'

/**
 * Sees what really happens, from the side of the tools and not of the log. The crash test counts with it; it must change
 * nothing, and what it throws fails the body.
 */
export interface Watch {
  around<T>(execution: Execution, body: () => T): T
  at(place: Place): void
}

/** Nobody looks. */
export const unwatched: Watch = {
  around: (_execution, body) => body(),
  at: () => {
    // Nobody looks.
  },
}
