import { createHash } from 'node:crypto'

/** Everything that happened in a simulation, a line each. The same seed writes the same bytes. */
export class Trace {
  readonly lines: string[] = []

  note(line: string): void {
    this.lines.push(line)
  }

  /** SHA-256 over all lines. */
  digest(): string {
    return createHash('sha256').update(this.lines.join('\n')).digest('hex')
  }
}
