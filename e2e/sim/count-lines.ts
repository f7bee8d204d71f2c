import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** Lines of one built file: those with code, and those of them that ran. */
interface FileLines {
  readonly file: string
  readonly lines: number
  readonly ran: number
}

/** The parts of the product whose lines are counted. */
const parts = [/\/engine-embedded\/dist\/[\w/-]+\.js$/, /\/core\/dist\/admission\/[\w/-]+\.js$/]

/** Reads the coverage of all threads: a line ran when it ran in one of them. */
export function countLines(scripts: readonly Profiler.ScriptCoverage[]): readonly FileLines[] {
  const byFile = new Map<string, Set<number>>()
  for (const { url, functions } of scripts) {
    if (!parts.some((part) => part.test(url))) continue
    const source = readFileSync(fileURLToPath(url), 'utf8')
    const ran = byFile.get(url) ?? new Set()
    byFile.set(url, ran)
    for (const line of linesThatRan(source, functions)) ran.add(line)
  }
  return [...byFile].map(([url, ran]) => {
    const file = fileURLToPath(url).replace(/^.*\/packages\//, '')
    return { file, lines: codeLines(readFileSync(fileURLToPath(url), 'utf8')).length, ran: ran.size }
  })
}

export function describeLines(files: readonly FileLines[]): string {
  const sum = (some: readonly FileLines[]): string => {
    const lines = some.reduce((all, one) => all + one.lines, 0)
    const ran = some.reduce((all, one) => all + one.ran, 0)
    return `${((100 * ran) / Math.max(1, lines)).toFixed(1)} % of ${lines} lines`
  }
  const engine = files.filter(({ file }) => file.startsWith('engine-embedded'))
  const admission = files.filter(({ file }) => file.startsWith('core'))
  const low = files
    .filter(({ lines, ran }) => ran < lines)
    .toSorted((a, b) => b.lines - b.ran - (a.lines - a.ran))
    .slice(0, 15)
    .map(({ file, lines, ran }) => `  ${file.padEnd(52)}${ran} of ${lines}`)
  return [`engine-embedded ran ${sum(engine)}, admission ${sum(admission)}; least:`, ...low].join('\n')
}

/** A line with nothing but a comment, a bracket or space has no code. */
function codeLines(source: string): readonly { readonly number: number; readonly from: number; readonly to: number }[] {
  const found: { number: number; from: number; to: number }[] = []
  let from = 0
  let isComment = false
  for (const [number, line] of source.split('\n').entries()) {
    const text = line.trim()
    if (text.startsWith('/*')) isComment = true
    const isCode = !isComment && text !== '' && !text.startsWith('//') && /\w/.test(text)
    if (isCode)
      found.push({ number, from: from + line.length - line.trimStart().length, to: from + line.trimEnd().length })
    if (text.endsWith('*/')) isComment = false
    from += line.length + 1
  }
  return found
}

function linesThatRan(source: string, functions: readonly Profiler.FunctionCoverage[]): readonly number[] {
  const ranges = functions.flatMap((one) => one.ranges)
  return codeLines(source).flatMap(({ number, from, to }) => {
    // Ranges are nested: the smallest around the line tells.
    let smallest: Profiler.CoverageRange | undefined
    for (const range of ranges) {
      if (range.startOffset > from || range.endOffset < to) continue
      const isSmaller = !smallest || range.endOffset - range.startOffset <= smallest.endOffset - smallest.startOffset
      if (isSmaller) smallest = range
    }
    return smallest && smallest.count > 0 ? [number] : []
  })
}
