// Every gate of the repository, in the order CI runs them. `npm run check` and `npm run verify` read this list.

/** One command that must succeed. Node is the pinned one: these run inside npm scripts. */
export interface Gate {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Part of `verify` only: the tests themselves. */
  readonly isTest?: true
  /** Left out of `verify`: this gate does the same on the way. */
  readonly isDoneBy?: string
}

export const gates: readonly Gate[] = [
  { name: 'build', command: ['tsc', '-b', 'tsconfig.build.json'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings', '--report-unused-disable-directives'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'layers', command: ['node', 'scripts/check-layers.ts'] },
  { name: 'unused', command: ['knip'] },
  { name: 'errors', command: ['node', 'scripts/errors-doc.ts', '--check'] },
  { name: 'api', command: ['node', 'scripts/api.ts', '--check'] },
  { name: 'packages', command: ['node', 'scripts/check-packages.ts'] },
  { name: 'coverage', command: ['npm', 'run', '--silent', 'coverage'], isDoneBy: 'test' },
  { name: 'gates', command: ['npm', 'run', '--silent', 'test:gates'], isTest: true },
  { name: 'e2e', command: ['npm', 'run', '--silent', 'test:e2e'], isTest: true },
  // `npm test` in two parts: coverage is about packages and apps, and makes everything slower.
  { name: 'test', command: ['npm', 'test', '--silent', '--', 'packages/', 'apps/', '--coverage'], isTest: true },
  { name: 'examples', command: ['npm', 'test', '--silent', '--', 'examples/', 'bench/', 'e2e/'], isTest: true },
]
