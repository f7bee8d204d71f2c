// Reads what a source file imports, with a real parser: text in strings and comments does not count.
import { parseSync } from 'oxc-parser'

/** One module that a file names, in any way: value, type, re-export, dynamic import. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

export function readImports(file: string, text: string): Import[] {
  const parsed = parseSync(file, text)
  const first = parsed.errors[0]
  if (first) throw new Error(`${file}: ${first.message}`)
  const found: Import[] = []
  const add = (specifier: string, start: number): void => {
    found.push({ specifier, line: text.slice(0, start).split('\n').length })
  }
  for (const item of parsed.module.staticImports) add(item.moduleRequest.value, item.start)
  for (const item of parsed.module.staticExports) {
    for (const entry of item.entries) {
      if (entry.moduleRequest) add(entry.moduleRequest.value, item.start)
    }
  }
  for (const item of parsed.module.dynamicImports) {
    const request = text.slice(item.moduleRequest.start, item.moduleRequest.end)
    const literal = /^['"`]([^'"`$]+)['"`]$/.exec(request)?.[1]
    if (literal !== undefined) add(literal, item.start)
  }
  return found
}

/** `@scope/name/door` -> `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
