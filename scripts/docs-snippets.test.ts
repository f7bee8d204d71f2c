import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPages } from './docs-pages.ts'
import { checkSnippets, checkText } from './docs-snippets.ts'

const root = join(import.meta.dirname, '..')
const pages = readPages(root)

test('every snippet of the documentation compiles, and those that say so run', async () => {
  expect(await checkSnippets(root, pages, join(root, 'coverage/docs/pages'))).toEqual([])
})

function check(name: string, ...lines: readonly string[]): Promise<string[]> {
  return checkText(root, lines.join('\n'), join(root, 'coverage/docs', name))
}

test('canary: a snippet that does not compile is named', async () => {
  const problems = await check('types', '```ts', "import { nothing } from 'meepo'", '```')
  expect(problems.join('\n')).toMatch(/line-2\.ts\(1,10\).*nothing/)
})

test('canary: a snippet that fails when it is run is named', async () => {
  const problems = await check('run', '```ts run', "throw new Error('broken')", '```')
  expect(problems.join('\n')).toMatch(/page\.md:2: line-2\.ts ended with 1:[\s\S]*broken/)
})

test('canary: another output than the page says is shown', async () => {
  const problems = await check('output', '```ts run', "console.log('one 1')", '```', '```text output', 'two …', '```')
  expect(problems.join('\n')).toMatch(/printed\none 1\n\nwhere the page says\ntwo …/)
})

test('canary: a command that should fail and does not is named', async () => {
  const lines = ['```ts file=a.ts', "console.log('well')", '```', '```sh fails', 'npx node a.ts', '```']
  expect((await check('fails', ...lines)).join('\n')).toMatch(/page\.md:5: a\.ts ended with 0/)
})
