import { definitionKey, MeepoError, type AnyDefinition } from '@meepo/core'

/** The definitions that this process can run. */
export class Registry {
  readonly #byKey = new Map<string, AnyDefinition>()
  readonly #latest = new Map<string, AnyDefinition>()

  /** Adds definitions and those they use. Adding the same one again does nothing. */
  add(definition: AnyDefinition): void {
    const key = definitionKey(definition)
    const known = this.#byKey.get(key)
    if (known === definition) return
    if (known) throw new MeepoError('definition.duplicate', `two definitions are ${key}`, { details: { key } })
    this.#byKey.set(key, definition)
    this.#latest.set(definition.name, definition)
    for (const used of definition.uses ?? []) this.add(used)
  }

  /** Keeps a definition that code used without registering it, unless its key is taken. */
  meet(definition: AnyDefinition): void {
    if (!this.#byKey.has(definitionKey(definition))) this.add(definition)
  }

  /** `name@version`, or `name` for the version that was registered last. */
  get(name: string): AnyDefinition {
    const definition = this.#byKey.get(name) ?? this.#latest.get(name)
    if (definition) return definition
    const known = [...this.#byKey.keys()].toSorted().slice(0, 20)
    throw new MeepoError('definition.unknown', `no definition ${name}; known are ${known.join(', ') || 'none'}`, {
      details: { name },
    })
  }

  /** `name@version`, if it can be run here. */
  find(key: string): AnyDefinition | undefined {
    return this.#byKey.get(key)
  }

  /** Whether `name@version` can be run here. */
  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** Of each name the definition that was registered last. */
  latest(): readonly AnyDefinition[] {
    return [...this.#latest.values()]
  }

  keys(): readonly string[] {
    return [...this.#byKey.keys()]
  }
}
