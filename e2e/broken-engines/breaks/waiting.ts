import type { Break } from '../break.ts'

export const waitingBreaks: readonly Break[] = [
  {
    what: 'a signal that came before its wait is not seen',
    lines: [
      {
        file: '/core/dist/run/signal-entry.js',
        find: '        if (this.arrived())\n            return;\n        if (this.#options.timeoutMs',
        replace: '        if (this.#options.timeoutMs',
      },
    ],
    fails: ['a signal before, during or after the wait is the same, also to a run that was evicted'],
  },
  {
    what: 'an equal second signal is a conflict',
    lines: [
      {
        file: '/core/dist/testing/memory-inbox.js',
        find: "return before === canonicalJson(delivery.data) ? 'duplicate' : 'conflict';",
        replace: "return 'conflict';",
      },
    ],
    fails: ['an equal second signal is ignored, another one is signal.conflict, and both wait for nothing'],
  },
  {
    what: 'signals time out anew after a crash',
    lines: [
      {
        file: '/core/dist/run/signal-entry.js',
        find: 'this.#timeoutAt = recorded.start.data.timeoutAt;',
        replace: 'this.#timeoutAt = this.owner.scheduler.now() + 3_600_000;',
      },
    ],
    fails: [
      'a signal that does not come in time is signal.timeout; the time goes on while the run is evicted',
      'a run that paid for something behind a refusal keeps that refusal when it is raised',
    ],
  },
  {
    what: 'values of signals are not compared with their schema',
    lines: [{ file: '/core/dist/run/signal-entry.js', find: 'if (!options.schema)', replace: 'if (true)' }],
    fails: ['the value of a signal must match its schema, live and on replay'],
  },
  {
    what: 'the time is that of the machine',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'return this.#owner.now;',
        replace: 'return this.#owner.scheduler.now();',
      },
    ],
    fails: ['a run that only sleeps is evicted and wakes in time, one sleep after the other'],
  },
  {
    what: 'a run looks once whether it waits',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: 'this.#waiting.unhold();\n        this.#lookIfWaiting();',
        replace: 'this.#waiting.unhold();',
      },
    ],
    fails: [
      'a run that waits for a child is evicted, and wakes with its end',
      'a child whose definition nobody registered goes on after it was evicted',
    ],
  },
  {
    what: 'races remember no earlier winner',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'if (first?.settled)\n            return Promise.resolve(first.settled);',
        replace: '',
      },
    ],
    fails: ['a race is decided by the first delivery, and the losers go on'],
  },
  {
    what: 'a cancel of a task that ended waits for its end',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'if (entry.settled)\n            return Promise.resolve();\n        if (entry.cancelReason',
        replace: 'if (entry.cancelReason',
      },
    ],
    fails: [
      'a task that is cancelled rejects with task.cancelled, whatever kind it is',
      'a task tells its number, kind and name; cancel of one that ended does nothing; several may cancel one',
    ],
  },
  {
    what: 'a task that was cancelled in its window begins all the same',
    lines: [
      {
        file: '/core/dist/run/fresh-tasks.js',
        find: 'if (entry.cancelReason === undefined)\n        entry.begin();\n    else\n        entry.cancel(entry.cancelReason);',
        replace: 'entry.begin();',
      },
    ],
    fails: ['a task that is cancelled in the window that made it never begins'],
  },
  {
    what: 'an outcome that arrives while a run ends is dropped',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: "if (this.#phase === 'ending' || this.#phase === 'frozen') {\n            this.#record(outcome);\n            return;",
        replace:
          "if (this.#phase === 'ending' || this.#phase === 'frozen') {\n            this.#open.remove(outcome.entry);\n            this.#endIfClosed();\n            return;",
      },
    ],
    fails: [
      'a run that ends cancels what is still open, and awaits it',
      'cancel takes down the whole tree, children first',
      'a race that is won while a budget ends its run stays won when the run is raised: the child that was refused is not asked again',
      'an outcome that was recorded while its run ended is there when the run is reopened: nothing is done twice',
    ],
  },
  {
    what: 'mail does not wake a run that waits',
    lines: [
      {
        file: '/core/dist/testing/memory-queue.js',
        find: "if (run.status === 'waiting')\n            makeClaimable(state, run);\n        return;",
        replace: 'return;',
      },
    ],
    fails: [
      'an acknowledged signal outlives the engine that was to read it',
      'a waiting run that its engine gave back at its end is woken by mail in another engine',
    ],
  },
  {
    what: 'what arrives while a run ends waits for a window that never opens',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: "if (this.#phase === 'ending' || this.#phase === 'frozen') {",
        replace: "if (this.#phase === 'frozen') {",
      },
    ],
    fails: ['once the end began the code of the run goes no further'],
  },
]
