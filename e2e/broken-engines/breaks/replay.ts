import type { Break } from '../break.ts'

export const replayBreaks: readonly Break[] = [
  {
    what: 'the context may be called from anywhere',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'if (this.#owner.isWindowOpen && !this.isOver)\n            return;',
        replace: 'return;',
      },
    ],
    fails: [
      'a run that awaits a timer fails with run.foreign_await when it is executed for the first time',
      'a run that awaits a fetch fails with run.foreign_await when it is executed for the first time',
      'a run that awaits a dynamic import fails with run.foreign_await when it is executed for the first time',
      'a run that awaits a WebCrypto digest fails with run.foreign_await when it is executed for the first time',
    ],
  },
  {
    what: 'a run may end after awaiting anything',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: "else\n            throw new MeepoError('run.foreign_await', 'the run waits, but",
        replace: "else if (false)\n            throw new MeepoError('run.foreign_await', 'the run waits, but",
      },
      {
        file: '/core/dist/run/segment-code.js',
        find: 'if (this.#owner.isWindowOpen)\n            this.returned = returned;\n        else',
        replace:
          'if (true) {\n            this.returned = returned;\n            this.#owner.onClose(); }\n        else',
      },
    ],
    fails: ['a run whose code returns after awaiting what is no task fails'],
  },
  {
    what: 'random numbers differ on replay',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'this.#seeded ??= seededRandom(this.#seed);',
        replace: 'this.#seeded ??= seededRandom(String(Math.random()));',
      },
    ],
    fails: ['random numbers, ids and times are the same on replay'],
  },
  {
    what: 'what was reported is reported again',
    lines: [{ file: '/core/dist/run/segment-context.js', find: 'if (this.#reportsToSkip > 0)', replace: 'if (false)' }],
    fails: ['what a run reported is not reported again on replay'],
  },
  {
    what: 'a call is not compared with the log by its kind and name',
    lines: [
      {
        file: '/core/dist/run/replay.js',
        find: 'if (recorded.kind !== entry.kind || recorded.name !== entry.name)',
        replace: 'if (false)',
      },
    ],
    fails: [
      'code that makes another call than its log fails, naming both, and its step is listed unknown',
      'the children of a run that cannot be replayed are taken down',
      'code that skips a recorded call of an earlier number fails, and lists its cut-off step as unknown',
    ],
  },
  {
    what: 'a child is not compared with the log by its input',
    lines: [{ file: '/core/dist/run/replay.js', find: 'if (!isSame)', replace: 'if (false)' }],
    fails: ['code that leaves out a call, or gives a child another input, fails'],
  },
  {
    what: 'patches are on for every run',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'return this.#patches.includes(name);',
        replace: 'return true;',
      },
    ],
    fails: ['a patch is on for runs that began with it, and off for older ones'],
  },
  {
    what: 'open tasks are no limit',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'if (this.#owner.openTasks >= maxOpenTasks)',
        replace: 'if (false)',
      },
    ],
    fails: ['a run with more than 1,000 open tasks fails the call, one with 10,000 calls in a segment fails itself'],
  },
]
