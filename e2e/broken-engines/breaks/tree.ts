import type { Break } from '../break.ts'

export const treeBreaks: readonly Break[] = [
  {
    what: 'a parent never hears that its child cannot be created',
    lines: [
      {
        file: '/engine-embedded/dist/children.js',
        find: 'parent.driver.childRefused(start.number, error);',
        replace: 'this.#tell(error, start.childRunId);',
      },
    ],
    fails: ['a child that cannot be started is an error in its parent, also when the parent is evicted meanwhile'],
  },
  {
    what: 'a child that exists is not asked for its end',
    lines: [
      {
        file: '/engine-embedded/dist/children.js',
        find: "if (child.status === 'completed') {\n            await this.#sendNews(parent, start);",
        replace: "if (child.status === 'completed') {",
      },
    ],
    fails: ['one child id is one child: another input is child.conflict, the same input the same run'],
  },
  {
    what: 'the cancel of a run leaves its children alone',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: "if (entry.kind === 'child')\n                entry.cancel(entry.cancelReason ?? reason);",
        replace: 'continue;',
      },
    ],
    fails: [
      'a cancel that a crash cut off is carried through',
      'a run that is reopened after a cancel goes on with its whole tree',
    ],
  },
  {
    what: 'a deadline wakes nobody',
    lines: [
      {
        file: '/core/dist/run/driver.js',
        find: 'this.#waiting.look(this.limits.deadlineAt)',
        replace: 'this.#waiting.look()',
      },
    ],
    fails: [
      'an absolute deadline ends a waiting tree, also one that nobody has in memory',
      'a run that is reopened after its deadline goes on with its children and repeats nothing',
    ],
  },
  {
    what: 'an engine drives versions that it does not have',
    lines: [
      {
        file: '/core/dist/testing/memory-queue.js',
        find: 'for (const definition of definitions) {',
        replace: 'for (const definition of queue.keys()) {',
      },
    ],
    fails: [
      'a tree whose code is gone ends when it is asked to, children first, and goes on when the code is back',
      'a run stays with the version that started it: an engine without that version leaves it alone',
      'a limit that somebody asked for refuses calls without a price, in the run and below it, also after a raise',
    ],
  },
  {
    what: 'children are in a session of their own',
    lines: [
      {
        file: '/engine-embedded/dist/new-run.js',
        find: 'sessionId: parent.sessionId,',
        replace: 'sessionId: start.childRunId,',
      },
    ],
    fails: ['limits, tenant, session and actor flow down, and limits are only narrowed'],
  },
]
