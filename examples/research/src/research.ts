import { defineGraph, task } from 'meepo'
import type { Definition, TaskView } from 'meepo'
import { z } from 'zod'

import { researchAgents } from './agents.ts'
import type { CrossCheck, Paragraph, Quote, SubQuestion } from './findings.ts'
import type { Library } from './library.ts'
import { verifyCrossCheck, verifyQuotes, verifyReport } from './verify.ts'
import type { CheckedReport, Verified } from './verify.ts'

/** What a piece of research begins with. */
export interface Question {
  readonly question: string
}

/** What it ends with. */
export interface ResearchResult extends Verified, CheckedReport, CrossCheck {
  readonly parts: readonly SubQuestion[]
  /** Parts whose reader failed. */
  readonly unread: readonly string[]
}

interface Plan {
  readonly parts: readonly SubQuestion[]
}
type Answers = readonly ({ readonly quotes: readonly Quote[] } | null)[]

/** Plan, then a reader for each part at the same time, then compare, then write. Code checks every quote and every citation. */
export function research(library: Library): Definition<Question, ResearchResult> {
  const { planner, reader, checker, writer } = researchAgents(library)
  const plan = task({ run: planner })
  const found = task({
    needs: ['plan'],
    forEach: ({ results }: TaskView<{ readonly plan: Plan }>) => results.plan.parts,
    concurrency: 8,
    // What the other readers found is an answer too; the report names the part that is missing.
    optionalItems: true,
    run: reader,
  })
  const verified = task({
    needs: ['found'],
    input: (done: { readonly found: Answers }) => done.found,
    run: async (answers) => verifyQuotes(library, answers),
  })
  const crossCheck = task({
    needs: ['verified'],
    input: (done: { readonly verified: Verified }) => ({ sources: done.verified.sources }),
    run: checker,
  })
  const report = task({
    needs: ['plan', 'verified', 'crossCheck'],
    input: (done: { plan: Plan; verified: Verified; crossCheck: CrossCheck }, { question }: Question) => ({
      question,
      parts: done.plan.parts,
      sources: done.verified.sources,
      crossCheck: verifyCrossCheck(done.crossCheck, done.verified),
    }),
    run: writer,
  })
  const result = task({
    needs: ['plan', 'found', 'verified', 'crossCheck', 'report'],
    input: (done: Done) => done,
    run: async (done) => resultOf(done),
  })
  return defineGraph({
    name: 'research',
    version: library.fingerprint.slice(0, 12),
    input: z.object({ question: z.string() }),
    tasks: { plan, found, verified, crossCheck, report, result },
    output: (done) => done.result,
  })
}

interface Done {
  readonly plan: Plan
  readonly found: Answers
  readonly verified: Verified
  readonly crossCheck: CrossCheck
  readonly report: { readonly paragraphs: readonly Paragraph[] }
}

function resultOf({ plan: { parts }, found, verified, crossCheck, report }: Done): ResearchResult {
  return {
    parts,
    unread: parts.flatMap(({ question }, at) => (found[at] ? [] : [question])),
    ...verified,
    ...verifyCrossCheck(crossCheck, verified),
    ...verifyReport(report.paragraphs, verified),
  }
}
