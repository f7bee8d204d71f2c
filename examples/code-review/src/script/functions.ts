/** A function in a source file. Lines count from 1. */
export interface FunctionSpan {
  readonly name: string
  readonly first: number
  readonly last: number
}

const heads = [
  /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*(\w+)\s*[(<]/,
  /^\s*(?:export\s+)?(?:const|let)\s+(\w+)\s*=\s*(?:async\s*)?(?:\([^)]*\)|\w+)[^=]*=>\s*\{\s*$/,
]

/** Functions of JavaScript and TypeScript with a body in braces, and of Python. */
export function functionsOf(path: string, source: string): readonly FunctionSpan[] {
  const lines = source.split('\n')
  return path.endsWith('.py') ? inPython(lines) : inBraces(lines)
}

function inBraces(lines: readonly string[]): FunctionSpan[] {
  return lines.flatMap((line, at) => {
    const name = heads.map((head) => head.exec(line)?.[1]).find((found) => found !== undefined)
    if (name === undefined) return []
    let depth = 0
    let hasBegun = false
    for (let next = at; next < lines.length; next++) {
      for (const sign of withoutTexts(lines[next] ?? '')) {
        if (sign === '{') hasBegun = true
        depth += sign === '{' ? 1 : sign === '}' ? -1 : 0
      }
      if (hasBegun && depth <= 0) return [{ name, first: at + 1, last: next + 1 }]
    }
    return []
  })
}

function inPython(lines: readonly string[]): FunctionSpan[] {
  return lines.flatMap((line, at) => {
    const [, indent = '', name = ''] = /^(\s*)(?:async\s+)?def\s+(\w+)/.exec(line) ?? []
    if (name === '') return []
    let last = at
    for (let next = at + 1; next < lines.length; next++) {
      const text = lines[next] ?? ''
      if (text.trim() === '') continue
      if (text.length - text.trimStart().length <= indent.length) break
      last = next
    }
    return [{ name, first: at + 1, last: last + 1 }]
  })
}

function withoutTexts(line: string): string {
  return line.replace(/\/\/.*$/, '').replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '')
}
