import { shippedPrices } from '@meepo/gateway'
import type { PriceBook } from '@meepo/core'
import { expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

const nowhere = 'http://127.0.0.1:9/v1'

function project(): Project {
  return createProject(onTestFinished, nowhere)
}

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, nowhere, 'prices', ...args)
}

test('list shows what models cost', async () => {
  const one = project()
  const { out, code } = await inside(one, 'list', '--provider', 'openai', '--model', 'gpt-6-sol')
  expect(out).toMatch(/^MODEL +INPUT +CACHED +WRITTEN +OUTPUT\nopenai:gpt-6-sol +2 +0\.2 +2\.5 +10 +.*batch.*\n/)
  expect(out).toMatch(/\n {2}above 272,000 tokens +4 +0\.4 +5 +15\n$/)
  expect(code).toBe(0)
  const cards: unknown = JSON.parse((await inside(one, 'list', '--model', 'gpt-4o-2024-08-06', '--json')).out)
  expect(cards).toMatchObject([{ provider: 'openai', model: 'gpt-4o' }])
  expect((await inside(one, 'list', '--provider', 'nobody')).err).toBe('no prices\n')
})

test('verify passes the shipped book and tells its age', async () => {
  const one = project()
  const { out, code } = await inside(one, 'verify')
  expect(out).toMatch(/^price book \S+: \d+ models of \d+ providers, \d+ days old\n$/)
  expect(code).toBe(0)
})

test('verify warns of an old book and refuses a wrong one', async () => {
  const one = project()
  const book = await shippedPrices()
  const old: PriceBook = { ...book, verifiedAt: '2026-01-01' }
  one.write('old.json', JSON.stringify(old))
  const warned = await inside(one, 'verify', '--book', 'old.json', '--json')
  expect(JSON.parse(warned.out)).toMatchObject({ problems: [], version: book.version, isOld: true })
  expect(warned).toMatchObject({ code: 0, err: expect.stringMatching(/^warning: the price book .* is \d+ days old/) })

  const [first, ...rest] = book.cards
  const wrong = { ...first!, periods: [{ rates: { in: { text: -1 }, out: { text: 1 } } }, first!.periods[0]] }
  one.write('wrong.json', JSON.stringify({ ...book, cards: [wrong, ...rest] }))
  const refused = await inside(one, 'verify', '--book', 'wrong.json')
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/^price\.negative: .*periods\.0\.rates\.in\.text is negative\nprice\.overlap: /)
  const told: unknown = JSON.parse((await inside(one, 'verify', '--book', 'wrong.json', '--json')).out)
  expect(told).toMatchObject({ problems: [{ code: 'price.negative' }, { code: 'price.overlap' }] })

  one.write('no.json', '{')
  expect(await inside(one, 'verify', '--book', 'no.json')).toMatchObject({ code: 2 })
  expect((await inside(one, 'verify', '--book', 'none.json')).err).toMatch(/^input\.unreadable: /)
})

test('verify names models that no source has confirmed lately', async () => {
  const one = project()
  const book = await shippedPrices()
  const today = new Date().toISOString().slice(0, 10)
  const [first, second] = book.cards
  const cards = [
    { ...first!, lastVerified: today },
    { ...second!, lastVerified: '2026-01-01' },
  ]
  one.write('mixed.json', JSON.stringify({ ...book, verifiedAt: today, cards }))
  const { err, code } = await inside(one, 'verify', '--book', 'mixed.json')
  expect(err).toMatch(new RegExp(`^warning: 1 models were not confirmed .*: ${second!.provider}/${second!.model}\n$`))
  expect(code).toBe(0)
})

test('diff tells what another book changes', async () => {
  const one = project()
  const book = await shippedPrices()
  one.write('same.json', JSON.stringify(book))
  expect((await inside(one, 'diff', 'same.json')).err).toBe('no differences\n')
  const [first, ...rest] = book.cards
  one.write('less.json', JSON.stringify({ ...book, cards: rest }))
  expect((await inside(one, 'diff', 'less.json')).out).toBe(`- ${first!.provider}/${first!.model}\n`)
  const back: unknown = JSON.parse((await inside(one, 'diff', 'same.json', '--book', 'less.json', '--json')).out)
  expect(back).toEqual([{ kind: 'added', card: `${first!.provider}/${first!.model}` }])
})

test('prices of a configuration are listed with its overrides, and wrong ones are refused', async () => {
  const one = project()
  const write = (file: string, output: number): void =>
    one.write(
      file,
      `export default { definitions: [], prices: { overrides: [
        { provider: 'local', model: 'llama', input: 0, output: ${output} },
        { provider: 'openai', model: 'gpt-6-sol', input: 7, output: 9 },
      ] } }`,
    )
  write('priced.config.ts', 3)
  const { out } = await inside(one, 'list', '--config', 'priced.config.ts')
  expect(out).toMatch(/\nlocal:llama +0 .* 3\n/)
  expect(out.match(/^openai:gpt-6-sol .*$/gm)).toEqual([expect.stringMatching(/ 7 .* 9$/)])
  expect((await inside(one, 'verify', '--config', 'priced.config.ts')).code).toBe(0)
  write('wrong.config.ts', -3)
  expect((await inside(one, 'verify', '--config', 'wrong.config.ts')).err).toMatch(/^price\.negative: /)
})
