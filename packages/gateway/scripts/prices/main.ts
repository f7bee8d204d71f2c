// Makes src/prices/book.json of its sources and prints what changes. Fails, and writes nothing, when the sources disagree
// and no rule decides.
//   node --conditions=meepo-source packages/gateway/scripts/prices/main.ts [--check] [--left]
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkPriceBook, type PriceBook } from '@meepo/core'
import { diffBooks, formatChange } from '../../src/prices/diff.ts'
import { buildBook } from './build-book.ts'

const { values: flags } = parseArgs({
  options: {
    /** Only look: exit 1 when the committed book is not the one that would be made. */
    check: { type: 'boolean', default: false },
    /** Print the models that only one source holds and that are not in the book. */
    left: { type: 'boolean', default: false },
  },
})
const file = fileURLToPath(new URL('../../src/prices/book.json', import.meta.url))
const { book, conflicts, left } = buildBook()
checkPriceBook(book)
for (const line of conflicts) console.error(`conflict: ${line}`)
if (flags.left) for (const line of left) console.log(`left out: ${line}`)

const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PriceBook) : undefined
const empty: PriceBook = { version: 'none', verifiedAt: book.verifiedAt, sources: [], cards: [] }
for (const change of diffBooks(before ?? empty, book)) console.log(formatChange(change))
console.log(`${before?.version ?? 'none'} -> ${book.version}: ${book.cards.length} models, ${left.length} left out`)

if (conflicts.length > 0) {
  console.error(`${conflicts.length} conflicts: write a rule for each into rules.ts`)
  process.exitCode = 1
} else if (flags.check) {
  process.exitCode = before?.version === book.version ? 0 : 1
} else {
  writeFileSync(file, `${JSON.stringify(book)}\n`)
  execFileSync('oxfmt', [file])
}
