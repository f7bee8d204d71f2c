import type { Break } from '../break.ts'

export const raiseBreaks: readonly Break[] = [
  {
    what: 'what a cancel took down is not brought back with its parent',
    lines: [
      {
        file: '/engine-embedded/dist/children.js',
        find: 'if (isRefused || isUndone(events, start))',
        replace: 'if (false)',
      },
    ],
    fails: [
      'a tree that a budget stopped goes on when its root is raised: children deep in it are tried again, finished ones kept',
    ],
  },
  {
    what: 'a retry waits anew after a crash',
    lines: [
      {
        file: '/core/dist/run/step-entry.js',
        find: 'Math.max(0, recorded.retryAt - this.owner.scheduler.now())',
        replace: '60_000',
      },
    ],
    fails: ['a tree that goes on after a raise survives a kill at any moment of it'],
  },
]
