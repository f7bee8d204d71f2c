// What npm users get: every published package, packed and installed into an empty project.
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const project = mkdtempSync(join(tmpdir(), 'meepo-packed-'))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
}

const published = globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd: root }).map((file) => ({
  folder: join(root, file, '..'),
  // Our own package.json files; the door list is all that is read.
  manifest: JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest,
}))
// `./main` doors are programs: importing one starts it. A `.json` door is a file for editors.
const doors = published.flatMap(({ manifest }) =>
  Object.keys(manifest.exports)
    .filter((door) => door !== './main' && !door.endsWith('.json'))
    .map((door) => `${manifest.name}${door.slice(1)}`),
)

/** Users have no `meepo-source` condition: what they import is the build output. */
const environment = { ...process.env, NODE_OPTIONS: '' }

beforeAll(() => {
  const tarballs = published.map(({ folder }) => {
    const options = { cwd: folder, encoding: 'utf8' } as const
    const output = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], options)
    return join(project, output.trim().split('\n').at(-1) ?? '')
  })
  writeFileSync(join(project, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
  const install = ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs]
  execFileSync('npm', install, { cwd: project, env: environment })
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

test('every door can be imported by node', () => {
  const program = doors.map(
    (door) => `if (Object.keys(await import('${door}')).length === 0) throw new Error('${door}')`,
  )
  writeFileSync(join(project, 'every-door.js'), program.join('\n'))
  execFileSync(process.execPath, ['every-door.js'], { cwd: project, env: environment })
})

test('the declarations of every door satisfy the compiler of a user', () => {
  writeFileSync(
    join(project, 'every-door.ts'),
    doors.map((door, at) => `export * as door${at} from '${door}'`).join('\n'),
  )
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const types = ['--typeRoots', join(root, 'node_modules/@types')]
  const result = spawnSync(join(root, 'node_modules/.bin/tsc'), [...options, ...types, 'every-door.ts'], {
    cwd: project,
    encoding: 'utf8',
  })
  expect(result.stdout).toBe('')
  expect(result.status).toBe(0)
})

test('the umbrella installs at most 25 packages', () => {
  // An optional peer is here only because every package was installed.
  const own = '#meepo > :not([name="@meepo/store-postgres"]):not([name="@meepo/archive-s3"])'
  const listed = execFileSync('npm', ['query', `${own}, ${own} *`, '--silent'], { cwd: project, encoding: 'utf8' })
  // npm query prints a list of installed packages.
  const names = (JSON.parse(listed) as { readonly name: string }[]).map((found) => found.name)
  expect(names.length, names.join(', ')).toBeLessThanOrEqual(25)
  expect(names).toContain('@meepo/core')
})
