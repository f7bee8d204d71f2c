import { defineGraph, task } from 'meepo'
import type { Definition, TaskView } from 'meepo'
import { z } from 'zod'

import { reviewer, summariser } from './agents.ts'
import type { Finding, Review, ReviewTask, Summary } from './agents.ts'
import type { Change, Repository } from './repository.ts'
import { ruleNames, rules } from './rules.ts'

/** A finding with its place. */
export interface PlacedFinding extends Finding {
  readonly path: string
  readonly severity: 'high' | 'medium' | 'low'
}

/** What a review ends with. */
export interface ReviewResult {
  readonly files: readonly Change[]
  /** The worst first. */
  readonly findings: readonly PlacedFinding[]
  /** What reviewers reported and what is not in the file. */
  readonly refused: readonly PlacedFinding[]
  /** Files whose reviewer failed. */
  readonly unread: readonly string[]
  readonly verdict: Summary['verdict']
  readonly summary: string
}

interface Collected {
  readonly findings: readonly PlacedFinding[]
  readonly refused: readonly PlacedFinding[]
  readonly unread: readonly string[]
}

/** The whole review as a graph: changed files, a reviewer for each of them at the same time, all findings, a summary. */
export function codeReview(repository: Repository): Definition<{ readonly head: string }, ReviewResult> {
  const changes = task({ run: async (_input: { readonly head: string }) => [...(await repository.changes())] })
  const reviews = task({
    needs: ['changes'],
    forEach: ({ results }: TaskView<{ readonly changes: readonly Change[] }>) => reviewable(results.changes),
    concurrency: 16,
    // A file whose reviewer fails is named in the report; the others have been read.
    optionalItems: true,
    run: reviewer(repository),
  })
  const collected = task({
    needs: ['changes', 'reviews'],
    input: (done: { readonly changes: readonly Change[]; readonly reviews: readonly (Review | null)[] }) => done,
    run: (done) => collect(repository, reviewable(done.changes), done.reviews),
  })
  const summary = task({
    needs: ['changes', 'collected'],
    input: (done: { readonly changes: readonly Change[]; readonly collected: Collected }) => ({
      files: reviewable(done.changes).length,
      findings: done.collected.findings,
    }),
    run: summariser,
  })
  return defineGraph({
    name: 'code-review',
    version: repository.head.slice(0, 12),
    input: z.object({ head: z.string() }),
    tasks: { changes, reviews, collected, summary },
    output: (done) => ({ files: done.changes, ...done.collected, ...done.summary }),
  })
}

/** Files that can be read after the change. */
function reviewable(changes: readonly Change[]): ReviewTask[] {
  return changes.flatMap(({ path, status, isBinary }) => (status === 'deleted' || isBinary ? [] : [{ path, status }]))
}

/** Puts all findings in one list and refuses those that the files do not bear out. */
async function collect(
  repository: Repository,
  tasks: readonly ReviewTask[],
  reviews: readonly (Review | null)[],
): Promise<Collected> {
  const findings: PlacedFinding[] = []
  const refused: PlacedFinding[] = []
  for (const [index, { path }] of tasks.entries()) {
    const reported = reviews[index]?.findings ?? []
    if (reported.length === 0) continue
    const lines = (await repository.file(path)).split('\n')
    for (const finding of reported) {
      const placed = { ...finding, path, severity: rules[finding.rule].severity }
      const isThere = lines[finding.line - 1]?.trim() === finding.quote.trim()
      ;(isThere ? findings : refused).push(placed)
    }
  }
  const unread = tasks.flatMap(({ path }, index) => (reviews[index] ? [] : [path]))
  return { findings: findings.toSorted(worstFirst), refused, unread }
}

function worstFirst(a: PlacedFinding, b: PlacedFinding): number {
  const byRule = ruleNames.indexOf(a.rule) - ruleNames.indexOf(b.rule)
  return byRule || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line)
}
