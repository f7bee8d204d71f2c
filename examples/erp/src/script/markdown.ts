/** The rows of the table below a heading, by the names in its header. */
export function tableBelow(document: string, heading: string): Record<string, string>[] {
  const lines = section(document, heading).filter((line) => line.startsWith('|'))
  const header = cells(lines[0] ?? '')
  return lines.slice(2).map((line) => {
    const values = cells(line)
    return Object.fromEntries(header.map((name, at) => [name, values[at] ?? '']))
  })
}

/** The points of the list below a heading. */
export function listBelow(document: string, heading: string): string[] {
  return section(document, heading)
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2).trim())
}

/** The value of a line like `- Email: x`; empty when there is none. */
export function fieldOf(document: string, name: string): string {
  const line = document.split('\n').find((candidate) => candidate.startsWith(`- ${name}:`))
  return line === undefined ? '' : line.slice(name.length + 3).trim()
}

/** The first heading of a document. */
export function titleOf(document: string): string {
  return /^# (.+)$/m.exec(document)?.[1]?.trim() ?? ''
}

/** An amount such as 140.00 in cents. */
export function centsOf(amount: string): number {
  return /^\d+\.\d{2}$/.test(amount) ? Number(amount.replace('.', '')) : Number.NaN
}

function section(document: string, heading: string): string[] {
  const lines = document.split('\n').map((line) => line.trim())
  const start = lines.indexOf(`## ${heading}`)
  if (start < 0) return []
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => line.startsWith('#'))
  return end < 0 ? rest : rest.slice(0, end)
}

function cells(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split('|')
    .map((cell) => cell.trim())
}
