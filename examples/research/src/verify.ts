import type { CrossCheck, Paragraph, Quote, Source } from './findings.ts'
import type { Library } from './library.ts'

/** What readers claimed, sorted into what stands in the documents and what does not. */
export interface Verified {
  readonly sources: readonly Source[]
  readonly refused: readonly Quote[]
}

/** Looks every quote up. The same line is one source, whoever found it; those that stand are numbered from 1. */
export function verifyQuotes(
  library: Library,
  answers: readonly ({ readonly quotes: readonly Quote[] } | null)[],
): Verified {
  const sources: Source[] = []
  const refused: Quote[] = []
  const seen = new Set<string>()
  for (const [about, answer] of answers.entries()) {
    for (const { document, line, quote } of answer?.quotes ?? []) {
      const stands = quote.trim() !== '' && library.documents.get(document)?.lines[line - 1]?.trim() === quote.trim()
      if (!stands) refused.push({ document, line, quote })
      else if (!seen.has(`${document}:${line}`)) {
        seen.add(`${document}:${line}`)
        sources.push({ number: sources.length + 1, about, document, line, quote: quote.trim() })
      }
    }
  }
  return { sources, refused }
}

/** Leaves out what rests on sources that do not exist. */
export function verifyCrossCheck({ agreements, conflicts }: CrossCheck, { sources }: Verified): CrossCheck {
  const isKnown = (one: { readonly sources: readonly number[] }): boolean =>
    one.sources.every((each) => each <= sources.length)
  return { agreements: agreements.filter(isKnown), conflicts: conflicts.filter(isKnown) }
}

/** A report whose every citation exists, and what had to be left out of it. */
export interface CheckedReport {
  readonly paragraphs: readonly Paragraph[]
  readonly leftOut: readonly Paragraph[]
}

/** Leaves out paragraphs that cite a source that does not exist; one that cites none claims nothing. */
export function verifyReport(paragraphs: readonly Paragraph[], { sources }: Verified): CheckedReport {
  const stands = (paragraph: Paragraph): boolean => paragraph.sources.every((each) => each <= sources.length)
  return { paragraphs: paragraphs.filter(stands), leftOut: paragraphs.filter((one) => !stands(one)) }
}
