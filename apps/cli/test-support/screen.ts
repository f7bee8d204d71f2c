import type { Terminal } from '../src/terminal.ts'

/** A terminal that keeps what it was told. */
export interface Screen extends Terminal {
  readonly said: { out: string; err: string }
}

/** Makes one; `isLive` plays a person in front of it. */
export function createScreen(isLive = false, columns = 80): Screen {
  const said = { out: '', err: '' }
  return {
    said,
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    style: (_stream, format, text) => (isLive ? `<${String(format)}>${text}</>` : text),
    isLive,
    isOutLive: isLive,
    columns: () => columns,
    rows: () => 24,
  }
}
