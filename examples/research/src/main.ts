import { join, resolve } from 'node:path'
import { chooseModel, ExampleError, printReport, readOptions, runExample, runMain } from 'meepo-example-kit'

import { openLibrary } from './library.ts'
import { reportMarkdown } from './report.ts'
import { research } from './research.ts'
import { script } from './script/script.ts'

const usage = `usage: npm start -w meepo-example-research -- [QUESTION] [options]
  QUESTION            what you want to know; a question about the documents of the example unless said
  --documents FOLDER  .md and .txt files; those of the example unless said
  --out FILE          where the report goes; stdout unless said
  --json              the result as JSON on stdout
  --model NAME        provider:model, or "offline" for the scripted model in spite of a key`

const shipped = join(import.meta.dirname, '../documents')
const example =
  'Why did the ferry lose passengers in 2024, what caused the failure of the battery, and what did the repair cost?'
const specs = { documents: 'text', out: 'text', json: 'flag', model: 'text', help: 'flag' } as const

await runMain(async (signal) => {
  const { words, texts, flags } = readOptions(process.argv.slice(2), specs, { maxWords: 1, usage })
  if (flags.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const here = process.env['INIT_CWD'] ?? process.cwd()
  const question = checked(words[0] ?? example)
  const library = openLibrary(texts.documents === undefined ? shipped : resolve(here, texts.documents))
  const end = await runExample({
    definition: research(library),
    input: { question },
    identity: ['research', library.fingerprint, question],
    state: join(here, '.meepo/research'),
    model: chooseModel(texts.model),
    script,
    signal,
  })
  const out = texts.out === undefined ? {} : { out: resolve(here, texts.out) }
  return printReport(end, (result) => reportMarkdown(question, result), { ...out, json: flags.json })
})

function checked(text: string): string {
  const question = text.trim()
  if (question.length > 0 && question.length <= 2_000) return question
  throw new ExampleError('example.bad_option', 'a question has 1 to 2,000 characters', usage)
}
