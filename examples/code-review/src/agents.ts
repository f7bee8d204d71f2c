import { defineAgent } from 'meepo'
import type { Agent } from 'meepo'
import { modelAlias } from 'meepo-example-kit'
import { z } from 'zod'

import type { Repository } from './repository.ts'
import { ruleNames, rules } from './rules.ts'
import type { RuleName } from './rules.ts'
import { reviewTools } from './tools.ts'

/** Something that a reviewer reports about a line. */
export interface Finding {
  readonly rule: RuleName
  readonly line: number
  /** The line as it stands in the file: what is not there is no finding. */
  readonly quote: string
  readonly message: string
}

/** What a reviewer is given. */
export interface ReviewTask {
  readonly path: string
  readonly status: 'added' | 'changed'
}

/** What a reviewer answers. */
export interface Review {
  readonly path: string
  readonly findings: readonly Finding[]
}

/** What the summariser is given. */
export interface SummaryTask {
  readonly files: number
  readonly findings: readonly (Finding & { readonly path: string; readonly severity: string })[]
}

/** What the summariser answers. */
export interface Summary {
  readonly verdict: 'approve' | 'comment' | 'request_changes'
  readonly summary: string
}

const ruleList = ruleNames.map((name) => `- ${name}: ${rules[name].means}`).join('\n')

/** Reads one changed file. */
export function reviewer(repository: Repository): Agent<ReviewTask, Review> {
  return defineAgent({
    name: 'reviewer',
    description: 'Reviews one changed file.',
    instructions: `Role: reviewer

Review one changed file. The task is a JSON object with its path and whether it was added or changed.
Read the diff first; read the whole file when you need what is around a change. Report only what lines of the change bring in:
${ruleList}

Answer with {"path", "findings": [{"rule", "line", "quote", "message"}]}. "line" counts from 1 in the file after the change,
"quote" is that line word for word, "message" one sentence for the author. No findings is a good answer.`,
    model: modelAlias,
    tools: reviewTools(repository),
    input: z.object({ path: z.string(), status: z.enum(['added', 'changed']) }),
    output: z.object({
      path: z.string(),
      findings: z.array(
        z.object({ rule: z.enum(ruleNames), line: z.int().min(1), quote: z.string(), message: z.string() }),
      ),
    }),
    maxTurns: 8,
  })
}

/** Sums all reviews up. */
export const summariser: Agent<SummaryTask, Summary> = defineAgent({
  name: 'summariser',
  description: 'Sums a review up.',
  instructions: `Role: summariser

Sum up the review of a change in two or three sentences: what has to be done before it can go in, the worst first. The task is a
JSON object with the number of files and all findings. The verdict is "request_changes" when a finding is high, "comment" when
there are others only, "approve" without any. Answer with {"verdict", "summary"}.`,
  model: modelAlias,
  input: z.object({
    files: z.int(),
    findings: z.array(
      z.object({
        rule: z.enum(ruleNames),
        severity: z.string(),
        path: z.string(),
        line: z.int(),
        quote: z.string(),
        message: z.string(),
      }),
    ),
  }),
  output: z.object({ verdict: z.enum(['approve', 'comment', 'request_changes']), summary: z.string().min(1) }),
})
