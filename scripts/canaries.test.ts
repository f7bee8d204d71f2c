// Every gate has a canary: a planted violation that must make it fail. A blind gate looks green.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHouse, settle, type House } from './canary-house.ts'
import { gates } from './gates.ts'

let house: House

beforeEach(() => {
  house = createHouse()
})

afterEach(() => house.remove())

test('every gate passes on a clean house', () => {
  settle(house)
  for (const gate of gates.filter((candidate) => candidate.isTest !== true)) {
    const outcome = house.run(gate.name)
    expect(outcome.isPassed, `${gate.name}\n${outcome.output}`).toBe(true)
  }
})

function expectFailure(gate: string, ...words: string[]): void {
  const outcome = house.run(gate)
  for (const word of words) expect(outcome.output).toContain(word)
  expect(outcome.isPassed, outcome.output).toBe(false)
}

test('format: an unformatted file fails', () => {
  house.append('packages/gateway/src/index.ts', 'export   const sloppy: string = "x";\n')
  expectFailure('format', 'packages/gateway/src/index.ts')
})

test('build and types: an error in shipped code fails the build, one in a test fails the types', () => {
  house.append(
    'packages/gateway/src/index.test.ts',
    `const length: number = gatewayName('x')\ntest('x', () => expect(length).toBe(1))\n`,
  )
  expect(house.run('build').isPassed).toBe(true)
  expectFailure('types', 'index.test.ts')
  house.write('examples/small/src/main.ts', 'export const count: number = "one"\n')
  expectFailure('types', 'examples/small/src/main.ts')
  house.append('packages/gateway/src/index.ts', `/** Wrong. */\nexport const wrong: number = gatewayName('x')\n`)
  expectFailure('build', 'index.ts')
})

const core = 'packages/core/src/base'
const lintCanaries: readonly { readonly file: string; readonly code: string; readonly rule: string }[] = [
  {
    file: 'packages/gateway/src/floating.ts',
    code: 'async function go(): Promise<void> {}\ngo()',
    rule: 'no-floating-promises',
  },
  {
    file: 'packages/gateway/src/floating-node.test.ts',
    code: `import { setTimeout as sleep } from 'node:timers/promises'\nsleep(5)`,
    rule: 'no-floating-promises',
  },
  {
    file: 'examples/small/src/floating-node.ts',
    code: `import { setTimeout as sleep } from 'node:timers/promises'\nsleep(5)`,
    rule: 'no-floating-promises',
  },
  {
    file: 'packages/gateway/src/floating.test.ts',
    code: 'async function go(): Promise<void> {}\ngo()',
    rule: 'no-floating-promises',
  },
  {
    file: 'packages/gateway/src/loose.ts',
    code: 'export const loose = (value: any): string => value',
    rule: 'no-explicit-any',
  },
  { file: 'packages/gateway/src/star.ts', code: `export * from './index.ts'`, rule: 'no-export-star' },
  { file: 'packages/gateway/src/default.ts', code: 'export default 1', rule: 'no-default-export' },
  { file: 'packages/gateway/src/long.ts', code: 'export {}\n'.repeat(401), rule: 'max-lines' },
  {
    file: 'packages/gateway/src/ring-a.ts',
    code: `import { b } from './ring-b.ts'\nexport const a = (): number => b()`,
    rule: 'no-cycle',
  },
  {
    file: 'packages/gateway/src/ring-b.ts',
    code: `import { a } from './ring-a.ts'\nexport const b = (): number => a()`,
    rule: 'no-cycle',
  },
  {
    file: 'packages/gateway/src/forgotten.ts',
    code: `export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1\n  }\n  return 2\n}`,
    rule: 'switch-exhaustiveness-check',
  },
  {
    file: 'packages/gateway/src/thrown.ts',
    code: `export function f(): never {\n  throw 'text'\n}`,
    rule: 'only-throw-error',
  },
  {
    file: 'packages/gateway/src/later.ts',
    code: '// TODO write this\nexport const later = 1',
    rule: 'no-warning-comments',
  },
  {
    file: 'packages/gateway/src/hidden.ts',
    code: '/* v8 ignore next */\nexport const hidden = 1',
    rule: 'reasoned-ignore',
  },
  {
    file: 'packages/gateway/src/silenced.ts',
    code: '// oxlint-disable-next-line no-empty\nif (Math.PI > 3) {\n}',
    rule: 'reasoned-ignore',
  },
  {
    file: 'packages/gateway/src/skipped.test.ts',
    code: `import { test } from 'vitest'\ntest.skip('x', () => {})`,
    rule: 'no-disabled-tests',
  },
  { file: `${core}/now.ts`, code: 'export const now = (): number => Date.now()', rule: 'no-restricted-properties' },
  { file: `${core}/date.ts`, code: 'export const date = (): Date => new Date()', rule: 'no-ambient-date' },
  {
    file: `${core}/random.ts`,
    code: 'export const random = (): number => Math.random()',
    rule: 'no-restricted-properties',
  },
  {
    file: `${core}/node.ts`,
    code: `import { readFileSync } from 'node:fs'\nexport const read = readFileSync`,
    rule: 'no-restricted-imports',
  },
  {
    file: `${core}/timeout.ts`,
    code: 'export const timeout = (): AbortSignal => AbortSignal.timeout(1)',
    rule: 'no-restricted-properties',
  },
  ...[
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'crypto',
    'fetch',
    'process',
    'performance',
    'console',
  ].map((name) => ({
    file: `${core}/${name.toLowerCase()}.ts`,
    code: `export const ambient: unknown = ${name}`,
    rule: 'no-restricted-globals',
  })),
]

test('lint: each planted violation is reported where it is', () => {
  expect(house.run('build').isPassed).toBe(true)
  for (const { file, code } of lintCanaries) house.write(file, `${code}\n`)
  const outcome = house.execute('oxlint', '--format', 'unix')
  expect(outcome.isPassed).toBe(false)
  const lines = outcome.output.split('\n')
  const unseen = lintCanaries.filter(
    ({ file, rule }) => !lines.some((line) => line.startsWith(file) && line.includes(`(${rule})`)),
  )
  expect(unseen).toEqual([])
})

test('lint: one violation is enough to fail the gate', () => {
  house.append('packages/gateway/src/index.ts', '\nasync function go(): Promise<void> {}\ngo()\n')
  expectFailure('lint', 'no-floating-promises')
})

describe('layers', () => {
  const cases: readonly { readonly name: string; readonly plant: () => void; readonly says: string }[] = [
    {
      name: 'an import from a higher folder',
      plant: () => house.append('packages/core/src/base/catalogue.ts', `import type {} from '../run/describe.ts'\n`),
      says: 'base (0) imports up from run (2)',
    },
    {
      name: 'an import from the same level',
      plant: () =>
        house.write('packages/core/src/cost/cost.ts', `export type { describeRun } from '../run/describe.ts'\n`),
      says: 'cost (2) imports sideways from run (2)',
    },
    {
      name: 'a folder that the table does not know',
      plant: () => house.write('packages/core/src/misc/misc.ts', `import '../base/catalogue.ts'\n`),
      says: 'the folder misc is missing',
    },
    {
      name: 'a module of Node in core',
      plant: () =>
        house.write('packages/core/src/run/disk.ts', `export const disk = (): Promise<unknown> => import('node:fs')\n`),
      says: 'core imports nothing of Node',
    },
    {
      name: 'a library in core',
      plant: () =>
        house.edit('packages/core/package.json', '"dependencies": {}', '"dependencies": { "yaml": "2.0.0" }'),
      says: 'only, not on yaml',
    },
    {
      name: 'an adapter that imports an adapter',
      plant: () => house.append('packages/gateway/src/index.ts', `import '@meepo/store-sqlite'\n`),
      says: '@meepo/store-sqlite is not in the dependencies',
    },
    {
      name: 'an adapter that depends on an adapter',
      plant: () =>
        house.edit('packages/gateway/package.json', '"@meepo/core": "0.1.0"', '"@meepo/store-sqlite": "0.1.0"'),
      says: 'may not depend on @meepo/store-sqlite',
    },
    {
      name: 'a file behind the door of another package',
      plant: () => house.append('packages/gateway/src/index.ts', `import '@meepo/core/src/run/describe.ts'\n`),
      says: 'is not a published door',
    },
    {
      name: 'a relative path into another package',
      plant: () => house.append('packages/gateway/src/index.ts', `import '../../core/src/run/describe.ts'\n`),
      says: 'leaves its package',
    },
    {
      name: 'test doubles in shipped code',
      plant: () => house.append('packages/gateway/src/index.ts', `import '@meepo/core/testing'\n`),
      says: 'does not use test doubles',
    },
    {
      name: 'a barrel in a folder',
      plant: () => house.write('packages/core/src/run/index.ts', `export { describeRun } from './describe.ts'\n`),
      says: 'a folder has no barrel',
    },
    {
      name: 'a package outside the table',
      plant: () => house.write('packages/extra/package.json', '{ "name": "@meepo/extra", "version": "0.1.0" }\n'),
      says: 'the package is missing in scripts/layers.json',
    },
    {
      name: 'a list in ARCHITECTURE.md that is not the table',
      plant: () => house.edit('ARCHITECTURE.md', '| 2 | `run`', '| 3 | `run`'),
      says: 'the layer list is not that of the table',
    },
  ]

  test.each(cases)('$name fails', ({ plant, says }) => {
    house.execute('node', 'scripts/check-layers.ts', '--write')
    expect(house.run('layers').isPassed).toBe(true)
    plant()
    expectFailure('layers', says)
  })
})

test('unused: a dependency, a file and an export that nothing uses fail', () => {
  house.edit('packages/gateway/package.json', '"@meepo/core": "0.1.0"', '"@meepo/core": "0.1.0", "zod": "4.6.7"')
  house.write('packages/gateway/src/orphan.ts', 'export const orphan = 1\n')
  house.append('packages/core/src/run/describe.ts', 'export const nobodyWantsThis: number = 1\n')
  expectFailure('unused', 'zod', 'orphan.ts', 'nobodyWantsThis')
})

test('errors: an undocumented code, a documented code that is gone and an unused code fail', () => {
  house.execute('node', 'scripts/errors-doc.ts')
  expect(house.run('errors').isPassed).toBe(true)
  house.edit('packages/core/src/base/catalogue.ts', `'run.not_found':`, `'run.lost':`)
  expectFailure(
    'errors',
    'run.lost is missing',
    'run.not_found is not in the catalogue',
    'no source file uses run.lost',
  )
})

test('api: a changed door without a new report fails', () => {
  settle(house)
  house.append('packages/gateway/src/index.ts', `\n/** New. */\nexport const added: number = 1\n`)
  expect(house.run('build').isPassed).toBe(true)
  expectFailure('api', 'gateway.api.md is not what the sources say')
})

test('packages: a door without types, and output whose source is gone, fail', () => {
  house.write('packages/gateway/src/short-lived.ts', 'export const shortLived: number = 1\n')
  expect(house.run('build').isPassed).toBe(true)
  house.execute('rm', 'packages/gateway/src/short-lived.ts')
  house.edit('packages/store-sqlite/package.json', './dist/index.d.ts', './dist/absent.d.ts')
  expectFailure(
    'packages',
    'packages/store-sqlite: publint',
    'packages/store-sqlite: attw',
    'ships dist/short-lived.js',
  )
})

describe('coverage', () => {
  test('one untested branch in a pure folder of core fails', () => {
    house.edit('packages/core/src/run/describe.test.ts', `expect(describeRun('')).toBe('There is no such run.')`, '')
    expectFailure('coverage', 'packages/core/src/{', 'branches', 'describe.ts')
  })

  test('an adapter below 90 % of lines fails', () => {
    house.append(
      'packages/gateway/src/index.ts',
      `\n/** Never called. */\nexport function idle(): number {\n  return 1\n}\n`,
    )
    expectFailure('coverage', 'packages/gateway/src/**', 'lines')
  })
})

test('a failing test is counted in the last line of verify', () => {
  house.append('packages/gateway/src/index.test.ts', `test('one is two', () => expect(1).toBe(2))\n`)
  house.edit('package.json', 'node scripts/setup.mjs && ', '')
  const outcome = house.execute('node', 'scripts/check.ts', '--verify', 'test')
  expect(outcome.isPassed).toBe(false)
  expect(outcome.stdout.trimEnd().split('\n').at(-1)).toBe('3 passed, 1 failed')
})

test('a test file that cannot be loaded is counted in the last line of verify', () => {
  house.append('packages/gateway/src/index.test.ts', `import './absent.ts'\n`)
  house.edit('package.json', 'node scripts/setup.mjs && ', '')
  const outcome = house.execute('node', 'scripts/check.ts', '--verify', 'test')
  expect(outcome.isPassed).toBe(false)
  expect(outcome.stdout.trimEnd().split('\n').at(-1)).toBe('2 passed, 1 failed')
})
