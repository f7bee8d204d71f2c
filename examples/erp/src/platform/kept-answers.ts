import type { Engine, RunRecord, RunSummary } from 'meepo'

import type { JobOutput } from '../agents/agent-role.ts'
import type { JobName, WorkflowName } from '../jobs.ts'
import { monthEnd } from '../workflows/month-end.ts'
import type { Answers } from './for-each.ts'

type ErrorData = NonNullable<RunRecord['error']>

/** How far a job came. */
interface KeptJob {
  readonly answers: readonly JobOutput[]
  /** The agents that have answered, by the names of their runs; undefined for a job that is done. */
  readonly answered?: ReadonlySet<string>
}

/** What the log of a month-end holds, however the run stands. */
export interface KeptAnswers {
  /** Jobs that were begun. */
  readonly jobs: ReadonlyMap<JobName, KeptJob>
  /** Why it did not go on: the refusal of a budget, as an agent met it. */
  readonly refusal: ErrorData | undefined
}

/** More than there are runs below any one run. */
const all = 100_000

/** Reads from the logs of a run and of those below it what was answered so far. Drives nothing. */
export async function readKeptAnswers(engine: Engine, monthEndRun: string): Promise<KeptAnswers> {
  const jobs = new Map<JobName, KeptJob>()
  let refusal: ErrorData | undefined
  const below = (parent: string): Promise<readonly RunSummary[]> => engine.runs({ parent, limit: all })
  for (const child of await below(monthEndRun)) {
    refusal ??= await refusalOf(engine, child)
    const tasks = monthEnd[child.definition as WorkflowName] ?? []
    if (tasks.length === 0) continue
    for (const batch of await below(child.runId)) {
      const job = tasks.find(({ name }) => name === batch.definition)?.agent.job
      if (job === undefined) continue
      jobs.set(job, await readJob(engine, batch, await below(batch.runId)))
      refusal ??= await refusalOf(engine, batch)
    }
  }
  return { jobs, refusal }
}

async function readJob(engine: Engine, batch: RunSummary, agents: readonly RunSummary[]): Promise<KeptJob> {
  // What these runs return is checked by the shapes of their answers before it gets into the log.
  if (batch.status === 'completed') return (await engine.handle(batch.runId).record()).result as unknown as Answers
  const done = agents.filter(({ status }) => status === 'completed')
  const answers = await Promise.all(
    done.map(async ({ runId }) => (await engine.handle(runId).record()).result as unknown as JobOutput),
  )
  return { answers, answered: new Set(done.map(({ parent }) => parent?.childId ?? '')) }
}

async function refusalOf(engine: Engine, run: RunSummary): Promise<ErrorData | undefined> {
  if (run.status !== 'failed') return undefined
  const { error } = await engine.handle(run.runId).record()
  return error?.code === 'budget.exceeded' ? error : undefined
}
