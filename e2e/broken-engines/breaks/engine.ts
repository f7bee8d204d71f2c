import type { Break } from '../break.ts'

export const engineBreaks: readonly Break[] = [
  {
    what: 'a start with another input is taken for the same',
    lines: [
      {
        file: '/core/dist/testing/memory-log.js',
        find: 'if (isInScope(before, scope) && before.made.fingerprint === made.fingerprint)',
        replace: 'if (isInScope(before, scope))',
      },
    ],
    fails: ['a start with the same run id and input is the same run, with another input it is run.exists'],
  },
  {
    what: 'a stopped engine takes everything',
    lines: [
      {
        file: '/engine-embedded/dist/engine.js',
        find: 'if (this.#stopped && options.isQueued !== true)\n            throw stopped();',
        replace: '',
      },
    ],
    fails: ['an unknown definition, an unknown run and a stopped engine are refused by name'],
  },
  {
    what: 'a stopped engine refuses everything',
    lines: [
      {
        file: '/engine-embedded/dist/engine.js',
        find: 'if (this.#stopped && options.isQueued !== true)',
        replace: 'if (this.#stopped)',
      },
    ],
    fails: ['a stopped engine still puts runs into the queue, and another one does them'],
  },
  {
    what: 'the first come is served first',
    lines: [
      {
        file: '/core/dist/testing/memory-queue.js',
        find: 'if (a.made.priority !== b.made.priority)\n        return a.made.priority > b.made.priority;',
        replace: '',
      },
    ],
    fails: ['higher priority goes first, then the earlier deadline, then age'],
  },
  {
    what: 'a run that waits keeps its room',
    lines: [
      {
        file: '/engine-embedded/dist/fleet.js',
        find: 'waiting(run) {\n        this.#rooms.giveBack();',
        replace: 'waiting(run) {',
      },
    ],
    fails: ['room is counted in runs that do something: waiting ones do not keep their children from starting'],
  },
  {
    what: 'an ending run keeps its room',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: "if (this.#phase === 'ending')\n            this.#waiting.look();\n        else if",
        replace: 'if',
      },
    ],
    fails: ['a run that ends and waits for its children takes no room: they need it to end'],
  },
  {
    what: 'a body that runs on is cut off at once when the engine stops',
    lines: [
      {
        file: '/engine-embedded/dist/drain.js',
        find: 'passed < graceMs ? !hasBody(fleet)',
        replace: 'passed < graceMs ? true',
      },
    ],
    fails: [
      'an engine that stops records what its bodies return, and another goes on from there',
      'an engine that stops cuts bodies off after the grace time, those that must not be repeated at the hard limit',
    ],
  },
  {
    what: 'a run that stops with its engine is never woken',
    lines: [
      { file: '/engine-embedded/dist/releases.js', find: "isWaiting ? 'waiting' : 'queued'", replace: "'waiting'" },
    ],
    fails: ['an engine that stops begins no further attempt, and one that never began is not unknown'],
  },
  {
    what: 'who follows a run begins at its first event',
    lines: [
      {
        file: '/core/dist/testing/memory-follow.js',
        find: 'let next = Math.max(0, options.afterSeq ?? 0);\n        let sawEnd',
        replace: 'let next = 0;\n        let sawEnd',
      },
    ],
    fails: ['runs are listed by what they are, and the events of a run can be followed from any place'],
  },
  {
    what: 'nobody can stop waiting for a result',
    lines: [
      {
        file: '/engine-embedded/dist/handle.js',
        find: 'const onAbort = () => reject(aborted(this.runId));',
        replace: 'const onAbort = () => undefined;',
      },
    ],
    fails: ['whoever waits for a result can stop waiting, and the run goes on'],
  },
  {
    what: 'the time that bodies take is not counted',
    lines: [{ file: '/core/dist/run/driver.js', find: '        this.#time.bodyStarted();', replace: '' }],
    fails: ['the limit of active time counts open bodies and no waits, and outlives crashes'],
  },
]
