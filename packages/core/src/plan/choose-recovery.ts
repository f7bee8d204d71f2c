// The model's part of recovery: one question, whose answer is checked like a plan is.

import { MeepoError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { RunContext } from '../run/context.ts'
import { ask, excerpt, type Asker } from './ask.ts'
import { problemsOfArguments } from './check-arguments.ts'
import { recoveryInstructions } from './instructions.ts'
import { workerName } from './plan.ts'
import type { FailedTask, FailedTry, RecoveryChoice, RecoveryStrategy } from './recovery.ts'
import { describeWorkers, findByName, type Worker, type Workers } from './workers.ts'

/** So much of an input is shown. */
const shownInput = 4_000

/** What the model needs to know to decide. */
export interface RecoveryQuestion {
  readonly goal: string
  readonly failed: FailedTask
  readonly workers: Workers
  /** Who did it last. */
  readonly worker: Worker
  /** The planner's name, which is nobody's alternative. */
  readonly planner: string
  readonly input: unknown
  /** Tasks that wait for this one. */
  readonly waiting: readonly string[]
  /** Makes the input that the worker gets of what was written. Throws when it refers to nothing. */
  readonly resolve: (worker: Worker, input: Json) => Json
}

/** Asks the model for a strategy, within what is allowed. */
export function chooseByModel(ctx: RunContext, asker: Asker, question: RecoveryQuestion): Promise<RecoveryChoice> {
  const { goal, failed, workers, input, waiting } = question
  const { task, error, tries, allowed } = failed
  return ask(ctx, asker, {
    name: 'recover',
    instructions: recoveryInstructions,
    content: {
      goal,
      task: { id: task.id, worker: workerName(task), ...(task.purpose === undefined ? {} : { purpose: task.purpose }) },
      input: excerpt(input, shownInput),
      error: { code: error.code, message: error.message },
      tries: tries.map(describeTry),
      waiting,
      allowed,
      workers: describeWorkers(workers),
    },
    schema: choiceSchema(allowed),
    read: (answer) => readChoice(answer, question),
  })
}

/** A try as data. */
export function describeTry({ attempt, worker, error, strategy }: FailedTry): JsonObject {
  const { code, message } = error
  return { attempt, worker, code, message, ...(strategy === undefined ? {} : { strategy }) }
}

function choiceSchema(allowed: readonly RecoveryStrategy[]): JsonObject {
  return {
    type: 'object',
    properties: {
      strategy: { type: 'string', enum: allowed },
      reason: { type: 'string' },
      input: {},
      worker: { type: 'string' },
    },
    required: ['strategy', 'reason'],
    additionalProperties: false,
  }
}

function readChoice(answer: unknown, question: RecoveryQuestion): RecoveryChoice {
  const { allowed } = question.failed
  // Any object may be asked for any field.
  const given = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<Record<string, Json>>
  const { input, worker, reason } = given
  const strategy = allowed.find((one) => one === given['strategy'])
  if (strategy === undefined) throw refused(`strategy must be one of ${allowed.join(', ')}`)
  if (strategy === 'retry') return { strategy }
  if (strategy === 'change') {
    if (input === undefined) throw refused('change needs the whole input')
    check(question.worker, input, question)
    return { strategy, input }
  }
  if (strategy === 'alternative') return alternative(worker, input, question)
  return { strategy, ...(typeof reason === 'string' ? { why: reason } : {}) }
}

function alternative(name: Json | undefined, input: Json | undefined, question: RecoveryQuestion): RecoveryChoice {
  const { workers, planner, failed } = question
  if (typeof name !== 'string') throw refused('alternative needs the name of a worker')
  if (name === planner) throw new MeepoError('plan.self_call', `${planner} is the planner itself`)
  const other = findByName(workers, name)
  if (!other) {
    const known = [...workers.tools.keys(), ...workers.agents.keys()].join(', ')
    throw new MeepoError('plan.unknown_worker', `there is no ${JSON.stringify(name)}; there are ${known}`)
  }
  check(other, input ?? failed.task.input ?? {}, question)
  return { strategy: 'alternative', worker: name, ...(input === undefined ? {} : { input }) }
}

function check(worker: Worker, input: Json, { resolve }: RecoveryQuestion): void {
  const problems = problemsOfArguments(worker, input)
  if (problems.length > 0) throw refused(problems.join('; '))
  resolve(worker, input)
}

function refused(why: string): MeepoError {
  return new MeepoError('plan.invalid', why)
}
