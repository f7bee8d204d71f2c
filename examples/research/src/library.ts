import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ExampleError } from 'meepo-example-kit'

import { stemsOf } from './words.ts'

/** A document. Lines count from 1. */
interface Document {
  readonly name: string
  readonly title: string
  readonly lines: readonly string[]
}

/** A document that a search found, with the lines in which the words stand. */
interface Hit {
  readonly document: string
  readonly title: string
  readonly score: number
  readonly lines: readonly { readonly line: number; readonly text: string }[]
}

/** The texts of a folder. */
export interface Library {
  readonly documents: ReadonlyMap<string, Document>
  /** Other texts are another library. */
  readonly fingerprint: string
  /** The documents in which these words stand, the best first. */
  search(words: string, most?: number): readonly Hit[]
}

const longest = 1_000_000

/** Reads all `.md` and `.txt` files of a folder. Throws `research.bad_folder`. */
export function openLibrary(folder: string): Library {
  const names = list(folder)
  const hash = createHash('sha256')
  const documents = new Map<string, Document>()
  for (const name of names) {
    const file = join(folder, name)
    if (statSync(file).size > longest) throw badFolder(`${file} is larger than ${longest} bytes`)
    const text = readFileSync(file, 'utf8')
    hash.update(`${name}\n${text.length}\n${text}`)
    const lines = text.split(/\r?\n/)
    documents.set(name, { name, title: (lines.find((line) => line.trim() !== '') ?? name).replace(/^#+ */, ''), lines })
  }
  return { documents, fingerprint: hash.digest('hex'), search: (words, most = 5) => search(documents, words, most) }
}

function list(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  } catch (cause) {
    throw badFolder(`${folder} cannot be read`, cause)
  }
  const texts = names.filter((name) => /\.(?:md|txt)$/.test(name)).toSorted()
  if (texts.length === 0) throw badFolder(`${folder} holds no .md and no .txt file`)
  return texts
}

/** BM25 over stems: rare words weigh more, long documents less. */
function search(documents: ReadonlyMap<string, Document>, words: string, most: number): Hit[] {
  const wanted = [...new Set(stemsOf(words))]
  const stems = new Map([...documents].map(([name, { lines }]) => [name, lines.map(stemsOf)]))
  const lengths = [...stems.values()].map((lines) => lines.flat().length)
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  const holding = (word: string): number => [...stems.values()].filter((lines) => lines.flat().includes(word)).length
  const weights = new Map(
    wanted.map((word) => [word, Math.log(1 + (documents.size - holding(word) + 0.5) / (holding(word) + 0.5))]),
  )
  const hits = [...documents.values()].map(({ name, title, lines }): Hit => {
    const all = stems.get(name)?.flat() ?? []
    const score = wanted.reduce((sum, word) => {
      const times = all.filter((one) => one === word).length
      const damped = (times * 2.2) / (times + 1.2 * (0.25 + (0.75 * all.length) / average))
      return sum + (weights.get(word) ?? 0) * damped
    }, 0)
    const found = lines.flatMap((text, at) =>
      stems.get(name)?.[at]?.some((word) => weights.has(word)) ? [{ line: at + 1, text }] : [],
    )
    return { document: name, title, score: Math.round(score * 1000) / 1000, lines: found }
  })
  return hits
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.document < b.document ? -1 : 1))
    .slice(0, most)
}

function badFolder(message: string, cause?: unknown): ExampleError {
  return new ExampleError('research.bad_folder', message, 'Name a folder of texts with --documents.', cause)
}
