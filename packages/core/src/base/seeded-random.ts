/** A repeatable stream of numbers. */
export interface SeededRandom {
  /** In [0, 1), 32 bits of resolution. */
  next(): number
  /** A version-4 UUID made of this stream. */
  uuid(): string
}

/** The same seed gives the same stream on every machine (sfc32 over four words of the seed text). */
export function seededRandom(seed: string): SeededRandom {
  let [a, b, c, d] = seedWords(seed)
  const word = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) word()
  return {
    next: () => word() / 4294967296,
    uuid: () => {
      const hex = [word(), word(), word(), word()].map((part) => part.toString(16).padStart(8, '0')).join('')
      const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
}

/** Four FNV-1a digests of the text with different starts. */
function seedWords(text: string): [number, number, number, number] {
  const digest = (start: number): number => {
    let value = start
    for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16777619)
    return value
  }
  return [digest(2166136261), digest(84696351), digest(739982445), digest(1516187317)]
}
