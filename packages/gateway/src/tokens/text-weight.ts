// How many tokens a text can be, judged by what it is written with. Calibrated with OpenAI's o200k, whose count of any
// text is at most a tenth above; the test beside it holds that for many scripts, random letters included.

/** Code points below it are one UTF-16 unit of ASCII. */
const ascii = 0x80
/** A word up to this length is one token or little more. */
const shortWord = 4
/** What each further letter of a word adds. */
const perLetter = 0.3
/** Letters of a word that no language has: keys, hashes, base64. */
const perDenseLetter = 0.8
/** As many letters without a vowel are no word. */
const mostConsonants = 4

/** From this code point on, up to the next row, a UTF-16 unit is so many tokens at most in texts that mean something. */
const scripts: readonly (readonly [from: number, tokens: number])[] = [
  // Latin with marks: few of them are part of a longer token.
  [0x80, 1.6],
  [0x180, 2.1],
  // Greek and Cyrillic.
  [0x370, 1.1],
  [0x400, 0.95],
  [0x530, 2],
  // Hebrew and Arabic.
  [0x590, 1],
  [0x700, 2],
  // Devanagari, the other scripts of India, Thai.
  [0x900, 1.25],
  [0x980, 1.7],
  [0xe00, 1.2],
  [0xe80, 3],
  // Vietnamese.
  [0x1e00, 1.3],
  [0x1f00, 3],
  // Dashes, quotes, symbols.
  [0x2000, 2.1],
  [0x2800, 3],
  [0x2900, 2.1],
  // Kana, ideographs, Hangul.
  [0x3000, 1.3],
  [0x3400, 3],
  [0x4e00, 2.1],
  [0xa000, 3],
  [0xac00, 2.3],
  // Halves of pairs: four bytes for both.
  [0xd800, 2],
  [0xe000, 3],
  [0xff00, 2],
]

/** By blocks of 16 code points, so that a look is enough. */
const byBlock = Float32Array.from({ length: 0x1000 }, (_, block) => {
  const at = block << 4
  return scripts.findLast(([from]) => from <= at)?.[1] ?? 3
})

const kinds = { other: 0, lower: 1, upper: 2, digit: 3, space: 4, line: 5 } as const
const classes = Uint8Array.from({ length: ascii }, (_, code) => classOf(code))
const vowels = Uint8Array.from({ length: ascii }, (_, code) =>
  'aeiouyAEIOUY'.includes(String.fromCharCode(code)) ? 1 : 0,
)

function classOf(code: number): number {
  if (code >= 97 && code <= 122) return kinds.lower
  if (code >= 65 && code <= 90) return kinds.upper
  if (code >= 48 && code <= 57) return kinds.digit
  if (code === 32 || code === 9) return kinds.space
  if (code === 10 || code === 13) return kinds.line
  return kinds.other
}

/** Tokens of a text at most, as far as its letters tell. One pass, about a nanosecond per character. */
export function textWeight(text: string): number {
  const { length } = text
  let total = 0
  let at = 0
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code >= ascii) {
      total += byBlock[code >> 4] ?? 3
      at++
      continue
    }
    const kind = classes[code] ?? kinds.other
    const end = kind === kinds.other ? at + 1 : endOfRun(text, at, kind)
    switch (kind) {
      case kinds.lower:
      case kinds.upper:
        total += wordWeight(text, at, end)
        break
      case kinds.digit:
        total += Math.ceil((end - at) / 3)
        break
      case kinds.space:
      case kinds.line:
        total += spaceWeight(text, at, end)
        break
      default:
        total += 1
    }
    at = end
  }
  return total
}

/** Letters of both cases are one run, blanks and line ends another. */
function endOfRun(text: string, from: number, kind: number): number {
  let at = from + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= ascii || groups[classes[code] ?? 0] !== groups[kind]) break
  }
  return at
}

const groups: readonly number[] = [0, 1, 1, 3, 4, 4]

/** A word of a language, or letters that are none. */
function wordWeight(text: string, from: number, end: number): number {
  const length = end - from
  let consonants = 0
  let longest = 0
  let changes = 0
  let before = classes[text.charCodeAt(from)]
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at)
    consonants = vowels[code] ? 0 : consonants + 1
    if (consonants > longest) longest = consonants
    const kind = classes[code]
    // A capital at the beginning is no change.
    if (kind !== before && at > from + 1) changes++
    before = kind
  }
  // Beside a digit letters are rarely a word.
  const isDense =
    (longest > mostConsonants && length > shortWord) || changes > 2 || isDigitAt(text, from - 1) || isDigitAt(text, end)
  if (isDense) return Math.max(1, length * perDenseLetter)
  const isShouted = classes[text.charCodeAt(end - 1)] === kinds.upper && length > 1
  const long = Math.max(0, length - shortWord)
  return 1 + changes + long * (isShouted ? 0.6 : perLetter)
}

function isDigitAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && classes[text.charCodeAt(at)] === kinds.digit
}

/** One blank belongs to the word after it, but not to a number. A run of equal ones is one token, of mixed ones several. */
function spaceWeight(text: string, from: number, end: number): number {
  if (end - from === 1 && text.charCodeAt(from) === 32) return isDigitAt(text, end) ? 1 : 0
  let runs = 1
  for (let at = from + 1; at < end; at++) if (text.charCodeAt(at) !== text.charCodeAt(at - 1)) runs++
  return runs + (end - from) / 16
}
