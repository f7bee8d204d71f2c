import { z } from 'zod'

/** A part of the question. */
export interface SubQuestion {
  readonly question: string
  /** What to search for. */
  readonly words: string
}

/** What a document says, word for word. */
export interface Quote {
  readonly document: string
  readonly line: number
  readonly quote: string
}

/** A quote that stands in its document, under the number by which it is cited. */
export interface Source extends Quote {
  readonly number: number
  /** The place of the sub-question that it answers, from 0. */
  readonly about: number
}

/** What sources say about each other. */
export interface CrossCheck {
  readonly agreements: readonly { readonly sources: readonly number[]; readonly what: string }[]
  readonly conflicts: readonly { readonly sources: readonly number[]; readonly what: string }[]
}

/** A part of the report; every sentence in it rests on its sources. */
export interface Paragraph {
  readonly text: string
  readonly sources: readonly number[]
}

/** The shapes of all answers. */
export const schemas: {
  readonly plan: z.ZodType<{ readonly parts: readonly SubQuestion[] }>
  readonly quotes: z.ZodType<{ readonly quotes: readonly Quote[] }>
  readonly source: z.ZodType<Source>
  readonly crossCheck: z.ZodType<CrossCheck>
  readonly report: z.ZodType<{ readonly paragraphs: readonly Paragraph[] }>
  readonly part: z.ZodType<SubQuestion>
} = (() => {
  const part = z.object({ question: z.string().min(1), words: z.string().min(1) })
  const quote = { document: z.string(), line: z.int().min(1), quote: z.string() }
  const numbers = z.array(z.int().min(1))
  const relation = z.array(z.object({ sources: numbers.min(2), what: z.string().min(1) }))
  return {
    part,
    plan: z.object({ parts: z.array(part).min(1).max(8) }),
    quotes: z.object({ quotes: z.array(z.object(quote)) }),
    source: z.object({ ...quote, number: z.int().min(1), about: z.int().min(0) }),
    crossCheck: z.object({ agreements: relation, conflicts: relation }),
    report: z.object({ paragraphs: z.array(z.object({ text: z.string().min(1), sources: numbers })) }),
  }
})()
