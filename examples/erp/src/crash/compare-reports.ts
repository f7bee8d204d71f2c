import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What may differ between two runs over the same data, and nothing else. */
export const headerParts: readonly string[] = ['report.md: line 1', 'report.json: "header"']

/** Names the files that differ between two folders of reports, headers left out. */
export function differences(one: string, two: string): string[] {
  const files: Readonly<Record<string, (text: string) => string>> = {
    'report.md': (text) => text.slice(text.indexOf('\n')),
    'report.json': (text) => text.replace(/^ {2}"header": \{\n(?: {4}.*\n)* {2}\},\n/m, ''),
    'snapshot.json': (text) => text,
  }
  return Object.entries(files).flatMap(([file, strip]) => {
    const [a, b] = [one, two].map((folder) => strip(readFileSync(join(folder, file), 'utf8')))
    return a === b ? [] : [file]
  })
}
