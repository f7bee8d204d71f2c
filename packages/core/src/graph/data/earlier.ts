/** By task, what it needs, directly or not. Needs that are not there are left out; a circle is no problem here. */
export function earlierOf(
  tasks: Readonly<Record<string, { readonly needs?: readonly string[] }>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>()
  for (const id of Object.keys(tasks)) {
    const seen = new Set(needsOf(id))
    // The set grows while it is read.
    for (const need of seen) {
      const known = found.get(need) ?? needsOf(need)
      for (const further of known) seen.add(further)
    }
    found.set(id, seen)
  }
  return found

  function needsOf(id: string): readonly string[] {
    return tasks[id]?.needs ?? []
  }
}
