import { answer, ask, asRow, asRows, call, callsOf, number, scriptOf, text } from 'meepo-example-kit/script'
import type { Answer, Conversation, Row } from 'meepo-example-kit/script'

import { stemsOf } from '../words.ts'
import { compare } from './compare.ts'

/**
 * The offline scripted model: it splits a question at its question words, picks lines that share words with it, compares
 * numbers, and writes by putting quotes one behind the other. It draws no conclusions.
 */
export const script: ReturnType<typeof scriptOf> = scriptOf({ planner, reader, checker, writer })

function planner(talk: Conversation): Answer {
  if (callsOf(talk, 'list_documents').length === 0) return ask(call('list_documents'))
  const whole = text(asRow(talk.task), 'question')
  const parts = whole
    .split(/\?|;|(?:,\s*|\s+)(?:and\s+)?(?=(?:what|why|how|who|when|where|which)\b)/i)
    .map((part) => part.replace(/,?\s+and$/, '').trim())
    .map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`)
    .filter((part) => stemsOf(part).length > 0)
  const questions = parts.length === 0 ? [whole] : parts.slice(0, 8)
  return answer({ parts: questions.map((question) => ({ question, words: question })) })
}

/** How many documents are read for one part, and how many lines are quoted. */
const [mostDocuments, mostQuotes] = [5, 6]

function reader(talk: Conversation): Answer {
  const words = text(asRow(talk.task), 'words')
  const [search] = callsOf(talk, 'search_documents')
  if (search === undefined) return ask(call('search_documents', { words, most: mostDocuments }))
  const hits = asRows(asRow(search.result)['hits'])
  const reads = callsOf(talk, 'read_document')
  if (hits.length > 0 && reads.length === 0) {
    return ask(...hits.map((hit) => call('read_document', { name: text(hit, 'document') })))
  }
  const wanted = new Set(stemsOf(words))
  const least = Math.min(2, wanted.size)
  const lines = reads
    .flatMap(({ result }) =>
      asRows(asRow(result)['lines']).map((line) => ({ document: text(asRow(result), 'name'), line })),
    )
    .filter(({ line }) => !text(line, 'text').startsWith('#'))
    .map(({ document, line }) => ({ document, line, shared: sharedWords(line, wanted) }))
    .filter(({ shared }) => shared >= least)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, mostQuotes)
  const quotes = lines.map(({ document, line }) => ({
    document,
    line: number(line, 'line'),
    quote: text(line, 'text'),
  }))
  return answer({ quotes })
}

function sharedWords(line: Row, wanted: ReadonlySet<string>): number {
  return new Set(stemsOf(text(line, 'text')).filter((word) => wanted.has(word))).size
}

function checker({ task }: Conversation): Answer {
  return answer(compare(sourcesOf(task)))
}

function writer({ task }: Conversation): Answer {
  const sources = sourcesOf(task)
  const paragraphs = asRows(asRow(task)['parts']).map((part, at) => {
    const own = sources.filter(({ about }) => about === at)
    const question = text(part, 'question')
    if (own.length === 0) return { text: `${question}: the documents say nothing more about it.`, sources: [] }
    return { text: `${question}: ${own.map(({ quote }) => quote).join(' ')}`, sources: own.map((one) => one.number) }
  })
  const conflicts = asRows(asRow(asRow(task)['crossCheck'])['conflicts'])
  const told = conflicts.map((one) => ({ text: `The sources disagree: ${text(one, 'what')}.`, sources: numbers(one) }))
  return answer({ paragraphs: [...paragraphs, ...told] })
}

function numbers(row: Row): number[] {
  const list = row['sources']
  return Array.isArray(list) ? list.map(Number) : []
}

function sourcesOf(task: unknown) {
  return asRows(asRow(task)['sources']).map((row) => ({
    number: number(row, 'number'),
    about: number(row, 'about'),
    document: text(row, 'document'),
    quote: text(row, 'quote'),
  }))
}
