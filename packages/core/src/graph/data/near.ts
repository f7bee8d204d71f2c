/** `; did you mean a, b?` with the names that are like this one, or a list of all when there are few. */
export function nearTo(name: string, names: readonly string[]): string {
  const most = Math.max(1, Math.floor(name.length / 3))
  const near = names
    .map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase(), most) }))
    .filter(({ far }) => far <= most)
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ each }) => each)
  if (near.length > 0) return `; did you mean ${near.join(', ')}?`
  return names.length > 0 && names.length <= 10 ? `; there is ${names.join(', ')}` : ''
}

/** How many characters have to change; `most` + 1 when they are more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most || a.length > 100) return most + 1
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, char] of a.split('').entries()) {
    const next = [i + 1]
    for (const [j, other] of b.split('').entries()) {
      // Both rows reach from 0 to the length of b.
      next.push(Math.min(row[j]! + (char === other ? 0 : 1), row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  // The row is never empty.
  return row.at(-1)!
}
