// The setup against an npm that only notes how it was called.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

let root: string

const npm = `#!/bin/sh
echo "$1" >> calls
if [ "$1" = install ]; then
  [ -e broken ] && exit 7
  mkdir -p node_modules/node/bin
  cp \${INSTALLS:-package-lock.json} node_modules/.package-lock.json
fi
exit 0
`

function lock(version: string): string {
  return JSON.stringify({
    packages: { '': {}, 'node_modules/node': { version }, 'node_modules/absent': { version: '1.0.0', optional: true } },
  })
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meepo-setup-'))
  mkdirSync(join(root, 'scripts'))
  mkdirSync(join(root, 'bin'))
  cpSync(join(import.meta.dirname, 'setup.mjs'), join(root, 'scripts/setup.mjs'))
  writeFileSync(join(root, 'bin/npm'), npm, { mode: 0o755 })
  writeFileSync(join(root, 'package-lock.json'), lock('26.0.0'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function setup(environment: Record<string, string> = {}): { calls: string[]; status: number | null; stderr: string } {
  rmSync(join(root, 'calls'), { force: true })
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH ?? ''}`, ...environment }
  const result = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, env, encoding: 'utf8' })
  expect(result.stdout).toBe('')
  const calls = existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []
  return { calls, status: result.status, stderr: result.stderr }
}

test('an empty clone installs and builds; the next time it only builds', () => {
  expect(setup()).toMatchObject({ calls: ['install', 'run'], status: 0 })
  expect(setup()).toMatchObject({ calls: ['run'], status: 0 })
})

test('a changed lockfile installs again', () => {
  setup()
  writeFileSync(join(root, 'package-lock.json'), lock('26.1.0'))
  expect(setup()).toMatchObject({ calls: ['install', 'run'], status: 0 })
})

test('a lockfile that a plain npm install already satisfied does not install again', () => {
  setup()
  writeFileSync(join(root, 'package-lock.json'), lock('26.1.0'))
  writeFileSync(join(root, 'node_modules/.package-lock.json'), lock('26.1.0'))
  expect(setup()).toMatchObject({ calls: ['run'], status: 0 })
})

test('a failed installation is not remembered as done', () => {
  writeFileSync(join(root, 'broken'), '')
  expect(setup()).toMatchObject({ calls: ['install'], status: 7 })
  rmSync(join(root, 'broken'))
  expect(setup()).toMatchObject({ calls: ['install', 'run'], status: 0 })
})

test('an installation that is not the lockfile fails and says what to do', () => {
  writeFileSync(join(root, 'other.json'), lock('25.0.0'))
  const outcome = setup({ INSTALLS: 'other.json' })
  expect(outcome).toMatchObject({ calls: ['install'], status: 1 })
  expect(outcome.stderr).toContain('run npm install and commit it')
})
