import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createProject } from '../../test-support/project.ts'
import { knownDefinitions } from './known-definitions.ts'
import { findConfig, requireConfig } from './find-config.ts'
import { loadConfig } from './load-config.ts'

test('the configuration is looked for upwards', () => {
  const project = createProject(onTestFinished)
  const below = join(project.folder, 'a/b')
  mkdirSync(below, { recursive: true })
  expect(findConfig(undefined, below)).toBe(project.path('meepo.config.ts'))
  expect(findConfig(undefined, '/')).toBeUndefined()
  expect(() => findConfig('other.ts', below)).toThrow(expect.objectContaining({ code: 'config.not_found' }))
})

test('a command that runs something cannot do without', () => {
  const home = process.cwd()
  onTestFinished(() => process.chdir(home))
  process.chdir('/')
  expect(() => requireConfig(undefined)).toThrow(expect.objectContaining({ code: 'config.not_found' }))
})

test('a store of the configuration lies beside it', async () => {
  const project = createProject(onTestFinished)
  project.write('a.ts', "export default { definitions: [], store: 'x.db' }")
  project.write('b.ts', "export default { definitions: [], store: 'memory' }")
  project.write('c.ts', 'export default { definitions: [] }')
  const stores = ['a.ts', 'b.ts', 'c.ts'].map(async (name) => (await loadConfig(project.path(name))).config.store)
  expect(await Promise.all(stores)).toEqual([project.path('x.db'), 'memory', project.path('.meepo/meepo.db')])
})

test('what cannot be loaded is told with its place', async () => {
  const project = createProject(onTestFinished)
  project.write('throws.ts', "throw new Error('no luck')")
  project.write('text.ts', "throw 'only a text'")
  project.write('none.ts', 'export const a = 1')
  project.write('wrong.ts', 'export default { definitions: [{}], store: 7 }')
  const load = (name: string) => loadConfig(project.path(name))
  await expect(load('throws.ts')).rejects.toMatchObject({
    code: 'config.broken',
    message: expect.stringMatching(/throws\.ts.*no luck/),
  })
  await expect(load('text.ts')).rejects.toMatchObject({
    code: 'config.broken',
    message: expect.stringContaining('only a text'),
  })
  await expect(load('none.ts')).rejects.toMatchObject({ code: 'config.invalid' })
  await expect(load('wrong.ts')).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(/definitions\.0.*store/),
  })
})

test('two definitions of one name and version are refused', () => {
  const definition = { name: 'a', version: '1', input: { safeParse: () => undefined }, run: async () => 1 }
  // Only names are looked at.
  const two = [definition, { ...definition }] as unknown as Parameters<typeof knownDefinitions>[0]
  expect(() => knownDefinitions(two)).toThrow(expect.objectContaining({ code: 'definition.duplicate' }))
})
