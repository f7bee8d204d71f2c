import type { Bug } from './bug.ts'

/** Bugs that can only be planted inside. Each names the line of a build that it breaks: when that changes, planting fails loudly. */
export const buildBugs: Readonly<Record<string, Bug>> = {
  'lost-lease': {
    what: 'who was taken for dead is told that it still owns its runs, and their epochs stay as they were',
    store: (store) => ({
      ...store,
      leases: {
        ...store.leases,
        beat: async (engine) => {
          await store.leases.beat(engine)
          return true
        },
      },
    }),
    build: [
      {
        file: '/core/dist/testing/memory-leases.js',
        find: '    run.owner = undefined;\n    run.epoch++;',
        replace: '    run.owner = undefined;',
      },
      {
        file: '/core/dist/testing/memory-leases.js',
        find: '    run.epoch++;\n    run.status',
        replace: '    run.epoch = Math.max(1, run.epoch);\n    run.status',
      },
    ],
  },
  'unknown-retried': {
    what: 'a step that must not repeat, and whose outcome nobody knows, is begun again after a crash',
    build: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'else if (isOnce(this.#options.effect)) {\n            this.#announceUnknown(crashed);',
        replace: 'else if (false) {\n            this.#announceUnknown(crashed);',
      },
    ],
  },
  'race-order-not-recorded': {
    what: 'on replay completions are delivered by number, not in the order in which they came',
    build: [
      {
        file: '/core/dist/run/recording.js',
        find: 'this.#deliveries.push(event)',
        replace: 'this.#deliveries.push(event), this.#deliveries.sort((a, b) => a.data.number - b.data.number)',
      },
    ],
  },
  'no-wait-before-idempotent': {
    what: 'an idempotent tool is called before the answers that its arguments came from are on the disk',
    build: [
      {
        file: '/core/dist/run/step-entry.js',
        find: "return (effect !== 'read' || isPaid === true) && announcesCalls !== true",
        replace: 'return (isOnce(effect) || isPaid === true) && announcesCalls !== true',
      },
    ],
  },
  'limiter-double-refund': {
    what: 'what a call did not use is given back twice',
    build: [
      {
        file: '/core/dist/admission/limits/bucket.js',
        find: 'Math.min(returnable, (amount - used) * unit)',
        replace: '2 * (amount - used) * unit',
      },
    ],
  },
  'cached-fold-ahead': {
    what: 'the record of a run is made of the log in memory, before its last event is on the disk',
    build: [
      {
        file: '/engine-embedded/dist/active-run.js',
        find: 'this.append(event, mailId);\n        this.flush();',
        replace: 'this.append(event, mailId);\n        this.flush();\n        this.#owner.ended(this);',
      },
    ],
  },
  'lost-answer-forgotten': {
    what: 'an engine never asks what it owns after an answer of the store got lost',
    build: [
      { file: '/engine-embedded/dist/intake.js', find: 'this.#isUnsure = true', replace: 'this.#isUnsure = false' },
    ],
  },
  'driven-under-old-epoch': {
    what: 'a run whose append failed is driven again under the epoch under which it was given up',
    build: [
      {
        file: '/engine-embedded/dist/strays.js',
        find: 'await store.leases.take(engine, given.runId, given.epoch)',
        replace: 'given',
      },
    ],
  },
}
