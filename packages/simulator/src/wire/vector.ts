import { seededRandom } from '../chance.ts'

/** A vector of length 1 that depends on the text only. */
export function vectorOf(text: string, dimensions: number): number[] {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  const random = seededRandom(hash >>> 0, dimensions)
  const raw = Array.from({ length: dimensions }, () => random() - 0.5)
  const length = Math.hypot(...raw)
  return raw.map((value) => value / length)
}

/** The dimensions a request wants, or what the model has. */
export function dimensionsOf(wanted: unknown, usual: number): number {
  return Number.isSafeInteger(wanted) && Number(wanted) > 0 ? Number(wanted) : usual
}
