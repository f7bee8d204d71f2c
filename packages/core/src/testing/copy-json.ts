/**
 * A deep copy of a JSON value, with what JSON drops (properties that are undefined) dropped. Several times faster
 * than a trip through text, and strings are shared.
 */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  // The copy has the shape of the original: only properties that are undefined, hence optional, are missing.
  return (Array.isArray(value) ? value.map(copyItem) : copyObject(value)) as T
}

function copyItem(item: unknown): unknown {
  // An array has no holes in JSON.
  return item === undefined ? null : copyJson(item)
}

function copyObject(value: object): object {
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    if (key === '__proto__') {
      // A plain assignment would set the prototype instead of a property.
      Object.defineProperty(copy, key, { value: copyJson(item), enumerable: true, configurable: true, writable: true })
    } else copy[key] = typeof item === 'object' ? copyJson(item) : item
  }
  return copy
}
