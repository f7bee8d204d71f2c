import { defineAgent } from 'meepo'
import type { Agent } from 'meepo'
import { modelAlias } from 'meepo-example-kit'
import { z } from 'zod'

import { schemas } from './findings.ts'
import type { CrossCheck, Paragraph, Quote, Source, SubQuestion } from './findings.ts'
import type { Library } from './library.ts'
import { libraryTools } from './tools.ts'

/** What the writer is given. */
interface WritingTask {
  readonly question: string
  readonly parts: readonly SubQuestion[]
  readonly sources: readonly Source[]
  readonly crossCheck: CrossCheck
}

/** The four agents of a piece of research. */
export interface ResearchAgents {
  readonly planner: Agent<{ readonly question: string }, { readonly parts: readonly SubQuestion[] }>
  readonly reader: Agent<SubQuestion, { readonly quotes: readonly Quote[] }>
  readonly checker: Agent<{ readonly sources: readonly Source[] }, CrossCheck>
  readonly writer: Agent<WritingTask, { readonly paragraphs: readonly Paragraph[] }>
}

/** Binds the agents to one library. */
export function researchAgents(library: Library): ResearchAgents {
  const tools = libraryTools(library)
  return {
    planner: defineAgent({
      name: 'planner',
      instructions: `Role: planner

Split the question into at most eight parts that can be researched on their own, and say for each which words to search for. The
list of documents tells what there is. Answer with {"parts": [{"question", "words"}]}.`,
      model: modelAlias,
      tools: [tools.list],
      input: z.object({ question: z.string() }),
      output: schemas.plan,
    }),
    reader: defineAgent({
      name: 'reader',
      instructions: `Role: reader

Find what the documents say about one question: search, then read what looks useful. Answer with {"quotes": [{"document", "line",
"quote"}]}, the most telling first and at most eight. A quote is one line word for word. Nothing found is a good answer.`,
      model: modelAlias,
      tools: [tools.search, tools.read],
      input: schemas.part,
      output: schemas.quotes,
    }),
    checker: defineAgent({
      name: 'checker',
      instructions: `Role: checker

Compare the sources: which of them say the same of the same thing, and which contradict each other, for instance with another
number? Answer with {"agreements": [{"sources", "what"}], "conflicts": [{"sources", "what"}]}; "sources" are numbers of sources.`,
      model: modelAlias,
      input: z.object({ sources: z.array(schemas.source) }),
      output: schemas.crossCheck,
    }),
    writer: defineAgent({
      name: 'writer',
      instructions: `Role: writer

Answer the question from the sources and from nothing else, part by part. Every paragraph names the numbers of the sources it rests on.
Tell where sources contradict each other, and which part nothing was found about. Answer with {"paragraphs": [{"text", "sources"}]}.`,
      model: modelAlias,
      input: z.object({
        question: z.string(),
        parts: z.array(schemas.part),
        sources: z.array(schemas.source),
        crossCheck: schemas.crossCheck,
      }),
      output: schemas.report,
    }),
  }
}
