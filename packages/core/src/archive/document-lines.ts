import { MeepoError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Hash } from '../base/ports.ts'

/*
 * A document is text of lines, each JSON: a head, parts, and an end. Every part carries the digest of its body, and the end
 * that of the head and of all digests in their order: no part can be changed, left out, added or moved unnoticed. Digests are
 * of canonical JSON, so that what writes the same JSON otherwise changes nothing.
 */

/** The first line. */
export interface DocumentHead {
  readonly form: string
  readonly version: number
  readonly [field: string]: unknown
}

/** One line between the first and the last. */
export interface DocumentPart {
  readonly part: string
  readonly body: unknown
}

/** Writes a document. */
export function writeLines(hash: Hash, head: DocumentHead, parts: Iterable<DocumentPart>): string {
  const lines = [canonicalJson(head)]
  const digests = [hash(canonicalJson(head))]
  for (const { part, body } of parts) {
    const text = canonicalJson(body)
    const digest = partDigest(hash, part, text)
    digests.push(digest)
    lines.push(`{"part":${JSON.stringify(part)},"hash":"${digest}","body":${text}}`)
  }
  lines.push(JSON.stringify({ part: 'end', parts: digests.length - 1, hash: hash(digests.join('\n')) }), '')
  return lines.join('\n')
}

function partDigest(hash: Hash, part: string, text: string): string {
  return hash(`${part}\n${text}`)
}

/**
 * Reads a document of one of these forms. Throws `archive.unknown_form` for other text, `archive.newer` for a version above
 * `newest`, and `archive.tampered` where a digest does not match or a part is missing.
 */
export function readLines(
  hash: Hash,
  text: string,
  forms: readonly string[],
  newest: number,
): { readonly head: DocumentHead; readonly parts: readonly DocumentPart[] } {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '')
  const head = parseLine(first, 'archive.unknown_form')
  const { form, version } = head
  if (typeof form !== 'string' || !forms.includes(form) || typeof version !== 'number') {
    throw new MeepoError('archive.unknown_form', `this is no document of the form ${forms.join(' or ')}`)
  }
  if (version > newest) {
    throw new MeepoError('archive.newer', `the document has version ${version}; this release reads up to ${newest}`)
  }
  const end = parseLine(rest.at(-1) ?? '{}', 'archive.tampered')
  const lines = rest.slice(0, -1).map((line) => parseLine(line, 'archive.tampered'))
  const digests = [hash(canonicalJson(head)), ...lines.map((line) => checkedDigest(hash, line))]
  if (end.part !== 'end' || end.parts !== lines.length || end.hash !== hash(digests.join('\n'))) {
    throw new MeepoError('archive.tampered', 'the document is not whole, or its parts are not those that were written')
  }
  return {
    head: { ...head, form, version },
    parts: lines.map(({ part, body }) => ({ part: String(part), body })),
  }
}

type Line = Readonly<Record<string, unknown>>

function parseLine(line: string, code: 'archive.unknown_form' | 'archive.tampered'): Line {
  try {
    const parsed: unknown = JSON.parse(line)
    // JSON objects have fields of any kind.
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Line
  } catch {
    // Told below, as what is JSON and no object is.
  }
  throw new MeepoError(code, 'a line of the document is not what a document has')
}

function checkedDigest(hash: Hash, { part, hash: digest, body }: Line): string {
  const found = partDigest(hash, String(part), canonicalJson(body ?? null))
  if (found === digest) return found
  throw new MeepoError('archive.tampered', `the part ${String(part)} of the document was changed`)
}
