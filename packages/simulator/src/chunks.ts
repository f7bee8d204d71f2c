/** Cuts text into pieces of `size` UTF-16 units; a piece is one longer rather than splitting a surrogate pair. */
export function splitText(text: string, size: number): string[] {
  const pieces: string[] = []
  let from = 0
  while (from < text.length) {
    let to = Math.min(from + size, text.length)
    if (splitsPair(text, to)) to += 1
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}

/** The first `length` units of the text, one fewer rather than half a surrogate pair. */
export function clipText(text: string, length: number): string {
  if (length >= text.length) return text
  return text.slice(0, splitsPair(text, length) ? length - 1 : length)
}

function splitsPair(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false
  const before = text.charCodeAt(at - 1)
  const after = text.charCodeAt(at)
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff
}
