import { definitionKey, MeepoError, type AnyDefinition } from '@meepo/core'

/** All definitions of a configuration with those that they use, by `name@version`. */
export function knownDefinitions(definitions: readonly AnyDefinition[]): ReadonlyMap<string, AnyDefinition> {
  const known = new Map<string, AnyDefinition>()
  const add = (definition: AnyDefinition): void => {
    const key = definitionKey(definition)
    const other = known.get(key)
    if (other === definition) return
    if (other) throw new MeepoError('definition.duplicate', `two definitions are ${key}`, { details: { key } })
    known.set(key, definition)
    for (const used of definition.uses ?? []) add(used)
  }
  for (const definition of definitions) add(definition)
  return known
}

/** Finds `name@version`, or the last version of `name`. */
export function findDefinition(definitions: readonly AnyDefinition[], name: string): AnyDefinition {
  const known = knownDefinitions(definitions)
  const found = known.get(name) ?? [...known.values()].findLast((definition) => definition.name === name)
  if (found) return found
  const names = [...new Set([...known.values()].map((definition) => definition.name))].toSorted()
  const list = names.length === 0 ? 'the configuration has none' : `known are ${names.slice(0, 20).join(', ')}`
  throw new MeepoError('definition.unknown', `no definition ${name}; ${list}`, { details: { name } })
}
