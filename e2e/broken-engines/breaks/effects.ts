import type { Break } from '../break.ts'

export const effectsBreaks: readonly Break[] = [
  {
    what: 'reconcile is not asked',
    lines: [{ file: '/core/dist/run/step-entry.js', find: 'if (!reconcile) {', replace: 'if (true) {' }],
    fails: [
      'reconcile that finds done decides an unknown step',
      'reconcile that finds not done decides an unknown step',
    ],
  },
  {
    what: 'a crash lets a step begin that must not be repeated',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'else if (isOnce(this.#options.effect)) {\n            this.#announceUnknown(crashed);',
        replace: 'else if (false) {\n            this.#announceUnknown(crashed);',
      },
    ],
    fails: ['a decision about one try is not taken for one about the next, which may have done it'],
  },
  {
    what: 'a decision is not read again',
    lines: [{ file: '/core/dist/run/recording.js', find: 'task.decided = event.data.resolution;', replace: '' }],
    fails: ['a decision that was recorded holds when the engine dies before it delivers the outcome'],
  },
  {
    what: 'a broken connection fails a step that must not be repeated',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: '(isResultLost || handle.isAborted || isUncertain(thrown))',
        replace: '(isResultLost || handle.isAborted)',
      },
    ],
    fails: [
      'a decision in a later segment is not taken for one of an earlier segment',
      'a timeout, an abort and a broken connection leave a step unknown that must not be repeated',
    ],
  },
  {
    what: 'a segment begins with number one',
    lines: [
      {
        file: '/core/dist/run/recording.js',
        find: 'const numberBefore = Math.max(this.#segment?.numberBefore ?? 0, this.#highest, ...this.#tasks.keys());',
        replace: 'const numberBefore = 0;',
      },
    ],
    fails: [
      'steps of a later segment have keys of their own, also after a crash',
      'continueWith begins a new segment: with its state, new numbers and seed, and nothing open',
      'a crash behind continueWith resumes with the state, and mail that came meanwhile is read',
    ],
  },
  {
    what: 'a body that must not be repeated fails when it was aborted',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: '(isResultLost || handle.isAborted || isUncertain(thrown))',
        replace: '(isResultLost || isUncertain(thrown))',
      },
    ],
    fails: ['cancel in the middle of a step that must not be repeated makes it unknown'],
  },
]
