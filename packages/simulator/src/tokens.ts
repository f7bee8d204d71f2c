/** Four UTF-16 units are one token. No vendor counts so; every test can. */
export const CHARS_PER_TOKEN = 4

/** Tokens of a text: `ceil(length / 4)`. */
export function countTokens(text: string): number {
  return tokensOfChars(text.length)
}

/** Tokens of so many characters. */
export function tokensOfChars(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN)
}
