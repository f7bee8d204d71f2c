import type { Break } from '../break.ts'

export const stepsBreaks: readonly Break[] = [
  {
    what: 'the runs of a dead engine stay with it',
    lines: [
      { file: '/engine-embedded/dist/liveness.js', find: 'if (still < this.#missedBeats)', replace: 'if (true)' },
    ],
    fails: [
      'a step runs once and its result survives a crash',
      'the crash of a parent leaves its children running, and it hears of their end',
    ],
  },
  {
    what: 'the value of a body is handed on as it is, to the log and to the code',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'this.#complete({ value: copy.value }, cloneJson(copy.value), handle, copy.size);',
        replace: 'this.#complete({ value: returned }, returned, handle, copy.size);',
      },
    ],
    fails: [
      'what a body returns is what a replay reads: JSON, and nobody else holds it',
      'the failure of a parent takes down its children',
    ],
  },
  {
    what: 'records forget what is still open',
    lines: [{ file: '/core/dist/run/record-fold.js', find: 'this.#open.set(data.number, draft);', replace: '' }],
    fails: [
      'a step is tried again after a retryable error, with one key and counted attempts',
      'a crash in a step that must not be repeated leaves it unknown, and the run waits for a decision',
      'cancel ends a run with an unknown step, and lists it',
      'every run gives a record, however it ended: what was done, tried and used',
    ],
  },
  {
    what: 'errors are tried again whatever the policy says',
    lines: [
      {
        file: '/core/dist/run/retry.js',
        find: 'if (attempts >= policy.maxAttempts || !error.retryable)',
        replace: 'if (false)',
      },
    ],
    fails: [
      'a step is not tried again after an error that is not retryable, nor beyond its policy',
      'a result over 8 MB fails the step',
      'a failing task that nobody awaits is no unhandled rejection',
      'a race tells the failure of its winner as a value',
      'the failure of a child is an error in its parent',
    ],
  },
  {
    what: 'nothing is tried again',
    lines: [{ file: '/core/dist/run/step-entry.js', find: 'if (delay === undefined) {', replace: 'if (true) {' }],
    fails: ['a step fails with its last error when its attempts are used up'],
  },
  {
    what: 'attempts are counted anew after a crash',
    lines: [{ file: '/core/dist/run/step-entry.js', find: 'this.#failures = recorded.failures;', replace: '' }],
    fails: ['a retry delay outlives a crash, and the attempts before it count'],
  },
  {
    what: 'every error of a body that must not be repeated leaves its step unknown',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: '(isResultLost || handle.isAborted || isUncertain(thrown))',
        replace: 'true',
      },
    ],
    fails: [
      'a step that must not be repeated is tried again only after an error before its call left',
      'an error that is the word of the body itself fails a step that must not be repeated',
    ],
  },
  {
    what: 'a timeout is not told to the body',
    lines: [{ file: '/core/dist/run/step-entry.js', find: 'handle.abort(reason);', replace: '' }],
    fails: [
      'a timeout aborts the signal of the attempt',
      'a call in flight when its run is cancelled is booked before the run ends',
    ],
  },
  {
    what: 'bodies that ignore their abort hold the run for ever',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'this.#stopTimer = this.owner.scheduler.after(abortGraceMs, () => this.#bodyThrew(handle, reason));',
        replace: '',
      },
    ],
    fails: ['a body that ignores its abort is given up after a grace time'],
  },
  {
    what: 'a result of any size is inline',
    lines: [{ file: '/core/dist/run/step-entry.js', find: 'if (copy.size > inlineLimit)', replace: 'if (false)' }],
    fails: ['large results, inputs, states and child results lie in blobs and come back whole'],
  },
  {
    what: 'a body may call the context',
    lines: [{ file: '/core/dist/run/segment-context.js', find: 'if (this.#owner.isInBody)', replace: 'if (false)' }],
    fails: ['a body that calls the context gets ctx.inside_step, also in a later attempt'],
  },
  {
    what: 'what a body throws before it returns a promise is thrown at the engine',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'void Promise.resolve().then(() => this.#bodyThrew(handle, thrown));',
        replace: 'throw thrown;',
      },
    ],
    fails: ['a body that throws before it returns a promise fails its step'],
  },
  {
    what: 'the result of a run is not compared with its schema',
    lines: [{ file: '/core/dist/run/segment-code.js', find: 'return output ?', replace: 'return false ?' }],
    fails: ['the result of a run must match the output schema, and be JSON'],
  },
  {
    what: 'the input of a run is not compared with its schema',
    lines: [
      {
        file: '/engine-embedded/dist/new-run.js',
        find: "    parseWith(definition.input, input, 'input.invalid', `input of ${definition.name}`);\n    const tenant",
        replace: '    const tenant',
      },
    ],
    fails: ['an input that does not match its schema is refused at the start, and nothing is created'],
  },
  {
    what: 'a step that changes something begins before its intent is durable',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: "return (effect !== 'read' || isPaid === true) && announcesCalls !== true",
        replace: 'return false',
      },
    ],
    fails: [
      'a body only starts when its intent is durable, unless it is a free read',
      'reconcile that finds nothing leaves the decision to a person',
      'reconcile that throws leaves the decision to a person',
      'reconcile that finds what is no JSON leaves the decision to a person',
      'an operator decides an unknown step: done, not done, or failed',
      'only an unknown step can be decided',
      'a deadline that passed while nobody drove the run still lists the step that a crash cut off',
    ],
  },
  {
    what: 'large results are not read for a record',
    lines: [
      {
        file: '/core/dist/run/record-fold.js',
        find: "if (event.type === 'step.completed' || event.type === 'run.completed' || event.type === 'child.completed')",
        replace: 'if (false)',
      },
    ],
    fails: ['a large result of a run comes back whole, also from another engine'],
  },
  {
    what: 'what is no JSON becomes JSON',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'copy = copyJson(returned);',
        replace:
          "copy = copyJson(JSON.parse(JSON.stringify(returned, (_key, value) => (typeof value === 'bigint' ? 1 : value)) ?? 'null'));",
      },
    ],
    fails: ['a result that is no JSON fails the step, and the body is not repeated'],
  },
]
