import type { Break } from '../break.ts'

export const edgesBreaks: readonly Break[] = [
  {
    what: 'a race of nothing waits for ever',
    lines: [{ file: '/core/dist/run/segment-context.js', find: 'if (tasks.length === 0)', replace: 'if (false)' }],
    fails: ['calls that make no sense are ctx.invalid_call, and the run can go on'],
  },
  {
    what: 'the signal of a run never aborts',
    lines: [{ file: '/core/dist/run/driver.js', find: 'this.#abort?.abort(', replace: 'void (' }],
    fails: ['the signal of a run aborts when its end begins'],
  },
  {
    what: 'a run may end after awaiting anything, with tasks open or without',
    lines: [
      {
        file: '/core/dist/run/segment-code.js',
        find: 'if (this.#owner.isWindowOpen)\n            this.returned = returned;\n        else',
        replace:
          'if (true) {\n            this.returned = returned;\n            this.#owner.onClose(); }\n        else',
      },
    ],
    fails: ['a run that waits forever for what is no task fails while its tasks are open'],
  },
  {
    what: 'a call that the log does not hold is taken for a new one',
    lines: [{ file: '/core/dist/run/replay.js', find: 'if (entry.number < this.#lastNumber)', replace: 'if (false)' }],
    fails: ['code that no longer makes an open call, or makes one where its log has none, fails'],
  },
  {
    what: 'a large result of a run is never recorded',
    lines: [{ file: '/core/dist/run/driver.js', find: 'then(ref);\n            this.unhold();', replace: '' }],
    fails: ['a large result and open tasks: what arrives while it is stored is not delivered any more'],
  },
  {
    what: 'mail that means nothing stays in the inbox',
    lines: [
      {
        file: '/core/dist/run/mail.js',
        find: 'if (waiting.length === 0) {\n        reader.host.discard(mail.id);',
        replace: 'if (waiting.length === 0) {',
      },
    ],
    fails: ['two waits for one signal both get it, and mail that means nothing is put away'],
  },
]
