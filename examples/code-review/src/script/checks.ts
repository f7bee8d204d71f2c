import type { AddedLine } from './diff.ts'
import { functionsOf } from './functions.ts'

/** A finding as the reviewer answers it. */
export interface Found {
  readonly rule: string
  readonly line: number
  readonly quote: string
  readonly message: string
}

/** Everything that the scripted reviewer has read about one file. */
export interface Reading {
  readonly path: string
  readonly isNew: boolean
  readonly added: readonly AddedLine[]
  readonly source: string
  readonly paths: readonly string[]
}

const codeFile = /\.(?:[cm]?[jt]sx?|py)$/
const testFile = /(?:\.(?:test|spec)\.[cm]?[jt]sx?|_test\.py|(?:^|\/)test_[^/]*\.py)$/
const longestFunction = 60

/** Looks at the added lines one by one, then at the functions around them. */
export function check(reading: Reading): readonly Found[] {
  const { path, added } = reading
  if (!codeFile.test(path)) return added.flatMap(secrets)
  const perLine = added.flatMap((line) => [
    ...secrets(line),
    ...openMarkers(line),
    ...statements(line),
    ...(testFile.test(path) ? [] : debugOutput(line)),
  ])
  return [...perLine, ...swallowed(added), ...largeFunctions(reading), ...missingTest(reading)]
}

function secrets(line: AddedLine): Found[] {
  const { text } = line
  const isKey = /AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
  const [, name, value = ''] =
    /(\w*(?:password|passwd|secret|token|api_?key)\w*)["']?\s*[:=]\s*["'`]([^"'`\s]{8,})["'`]/i.exec(text) ?? []
  const isPlaceholder = /[<>{}]|example|changeme|^\*+$/i.test(value)
  if (!isKey && (name === undefined || isPlaceholder)) return []
  return found('secret', line, `${name ?? 'A key'} is in the file: take it from the environment and revoke this one.`)
}

function openMarkers(line: AddedLine): Found[] {
  const [, marker] = /(?:\/\/|#|\/\*|^\s*\*)\s*(TODO|FIXME|XXX|HACK)\b/.exec(line.text) ?? []
  return marker === undefined ? [] : found('open_marker', line, `${marker} without an issue: finish it or file it.`)
}

function statements(line: AddedLine): Found[] {
  const isJoined =
    /\b(?:query|execute|exec|run|all|get)\s*\(\s*(?:`[^`]*\$\{|f["']|(?:"[^"]*"|'[^']*')\s*(?:\+|%))/.test(line.text)
  if (!isJoined || !/\b(?:SELECT|INSERT|UPDATE|DELETE)\b/.test(line.text)) return []
  return found('sql_injection', line, 'Values become part of the statement: pass them as parameters.')
}

function debugOutput(line: AddedLine): Found[] {
  if (!/^\s*(?:console\.(?:log|debug)\s*\(|debugger\b)/.test(line.text)) return []
  return found('debug_output', line, 'Output for debugging was left behind.')
}

function swallowed(added: readonly AddedLine[]): Found[] {
  const byLine = new Map(added.map(({ line, text }) => [line, text]))
  return added.flatMap((line) => {
    const next = byLine.get(line.line + 1) ?? ''
    const isEmpty =
      /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}/.test(line.text) ||
      (/\bcatch\s*(?:\([^)]*\))?\s*\{\s*$/.test(line.text) && /^\s*\}/.test(next)) ||
      (/^\s*except\b.*:\s*$/.test(line.text) && /^\s*pass\b/.test(next))
    return isEmpty ? found('swallowed_error', line, 'Whatever goes wrong here is never heard of.') : []
  })
}

function largeFunctions({ path, source, added }: Reading): Found[] {
  const lines = source.split('\n')
  return functionsOf(path, source).flatMap(({ name, first, last }) => {
    const length = last - first + 1
    const isTouched = added.some(({ line }) => line >= first && line <= last)
    if (length <= longestFunction || !isTouched) return []
    const line = { line: first, text: lines[first - 1] ?? '' }
    return found('large_function', line, `${name} has ${length} lines: split it.`)
  })
}

function missingTest({ path, isNew, source, paths }: Reading): Found[] {
  if (!isNew || testFile.test(path) || functionsOf(path, source).length === 0) return []
  const [, name = ''] = /([^/]+)\.\w+$/.exec(path) ?? []
  const isTested = paths.some((other) => {
    const [, file = ''] = /([^/]+)$/.exec(other) ?? []
    return (
      testFile.test(other) && [`${name}.`, `${name}_test.`, `test_${name}.`].some((start) => file.startsWith(start))
    )
  })
  if (isTested) return []
  const [text = ''] = source.split('\n')
  return found('missing_test', { line: 1, text }, `No test file covers ${path}.`)
}

function found(rule: string, { line, text }: AddedLine, message: string): Found[] {
  return [{ rule, line, quote: text, message }]
}
