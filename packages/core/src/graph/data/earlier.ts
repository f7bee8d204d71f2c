/** Tells whether the first task needs the second, directly or not. A need that is not there, or a circle, is no problem here. */
export type IsEarlier = (id: string, other: string) => boolean

/** Looks along the needs when asked: most tasks read what they need directly. */
export function earlierIn(tasks: Readonly<Record<string, { readonly needs?: readonly string[] }>>): IsEarlier {
  return (id, other) => {
    const seen = new Set(needsOf(id))
    if (seen.has(other)) return true
    // The set grows while it is read.
    for (const need of seen) {
      for (const further of needsOf(need)) seen.add(further)
      if (seen.has(other)) return true
    }
    return false
  }

  function needsOf(id: string): readonly string[] {
    return tasks[id]?.needs ?? []
  }
}
