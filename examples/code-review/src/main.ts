import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chooseModel, ExampleError, printReport, readOptions, runExample, runMain } from 'meepo-example-kit'

import { reportMarkdown } from './report.ts'
import { openRepository } from './repository.ts'
import { codeReview } from './review.ts'
import { seedRepository } from './sample/seeded-repository.ts'
import { script } from './script/script.ts'

const usage = `usage: npm start -w meepo-example-code-review -- [REPOSITORY] [options]
  REPOSITORY       the folder of a git repository; without, a small one with planted problems is made
  --base REVISION  what is compared with; the commit before unless said
  --head REVISION  what is reviewed; HEAD unless said
  --out FILE       where the report goes; stdout unless said
  --seed N         which repository is made, without REPOSITORY; 1 unless said
  --json           the result as JSON on stdout
  --model NAME     provider:model, or "offline" for the scripted model in spite of a key`

await runMain(async (signal) => {
  const specs = {
    base: 'text',
    head: 'text',
    out: 'text',
    seed: 'text',
    model: 'text',
    json: 'flag',
    help: 'flag',
  } as const
  const { words, texts, flags } = readOptions(process.argv.slice(2), specs, { maxWords: 1, usage })
  if (flags.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const model = chooseModel(texts.model)
  const here = process.env['INIT_CWD'] ?? process.cwd()
  const [given] = words
  const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'meepo-code-review-')) : resolve(here, given)
  try {
    if (given === undefined) await seedRepository(folder, seedOf(texts.seed))
    const repository = await openRepository(folder, texts.base, texts.head)
    const { base, head } = repository
    const end = await runExample({
      definition: codeReview(repository),
      input: { head },
      identity: ['code-review', base, head],
      state: join(here, '.meepo/code-review'),
      model,
      script,
      signal,
    })
    const out = texts.out === undefined ? {} : { out: resolve(here, texts.out) }
    return printReport(end, (result) => reportMarkdown(result, repository), { ...out, json: flags.json })
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true })
  }
})

function seedOf(text: string = '1'): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new ExampleError('example.bad_option', `--seed takes a whole number, found ${JSON.stringify(text)}`, usage)
}
