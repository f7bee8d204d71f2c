import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { MeepoError, type Json } from '@meepo/core'

/** Reads what `--input` names: JSON itself, `@file`, or `-` for stdin. */
export async function readInput(given: string): Promise<Json> {
  if (given === '-') return parseJson(await readAll(process.stdin), 'the input on stdin')
  if (!given.startsWith('@')) return parseJson(given, '--input')
  const path = given.slice(1)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MeepoError('input.unreadable', `the input file ${path} cannot be read (${reasonOf(cause)})`, { cause })
  }
  return parseJson(text, path)
}

/** Parses JSON. What was given is not repeated: it may be a secret. */
export function parseJson(text: string, what: string): Json {
  try {
    // What JSON.parse returns is JSON.
    return JSON.parse(text) as Json
  } catch (thrown) {
    const place = /\(line (\d+) column (\d+)\)/.exec(String(thrown))
    const where = place ? ` at line ${place[1]}, column ${place[2]}` : ''
    const hint = /^[\w\s.,!?-]+$/.test(text.trim()) ? `; a text needs quotes of its own: '"text"'` : ''
    throw new MeepoError('config.invalid', `${what} is no JSON${where}${hint}`)
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}
