import { stripVTControlCharacters, styleText } from 'node:util'

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Colours for stderr or stdout; plain where the stream is no terminal, and with `NO_COLOR`. */
  style(stream: 'out' | 'err', format: Parameters<typeof styleText>[0], text: string): string
  /** Lines on stderr may be rewritten. */
  readonly isLive: boolean
  /** The same for stdout. */
  readonly isOutLive: boolean
  columns(): number
  rows(): number
}

/** The terminal of this process. */
export const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  style: (name, format, text) => styleText(format, text, { stream: name === 'out' ? process.stdout : process.stderr }),
  isLive: canRewrite(process.stderr),
  isOutLive: canRewrite(process.stdout),
  // Some terminals say 0.
  columns: () => process.stdout.columns || process.stderr.columns || 100,
  rows: () => process.stdout.rows || process.stderr.rows || 40,
}

function canRewrite(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env.TERM !== 'dumb' && process.env.CI === undefined
}

/** Cuts a line to a width, colours not counted; a cut line loses them. */
export function fit(line: string, width: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= width ? line : `${plain.slice(0, Math.max(0, width - 1))}…`
}
