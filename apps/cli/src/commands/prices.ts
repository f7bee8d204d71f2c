import { Command, Option } from 'commander'
import type { PriceBook, PriceCard } from '@meepo/core'
import type { PriceList } from '@meepo/gateway'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ListFlags {
  readonly provider?: string
  readonly model?: string
  readonly book?: string
  readonly config?: string
  readonly json?: boolean
}

/** `meepo prices` */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('Look at the price book that model calls are billed with.')
    .addCommand(listCommand())
    .addCommand(verifyCommand())
    .addCommand(diffCommand())
}

const bookOption = (): Option => new Option('--book <file>', 'a price book in a JSON file; else the one that ships')

const configOption = (): Option =>
  new Option('--config <file>', 'the prices of this configuration: its book, and its overrides')

function listCommand(): Command {
  return new Command('list')
    .description('List prices, in dollars for a million tokens.')
    .addOption(new Option('--provider <name>', 'only models of this provider'))
    .addOption(new Option('--model <text>', 'only models with this in their id or an alias'))
    .addOption(bookOption().conflicts('config'))
    .addOption(configOption())
    .addOption(shared.json('the price cards'))
    .action(list)
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Check a price book. Wrong prices end with exit code 1; a book older than 30 days only warns.')
    .addOption(bookOption().conflicts('config'))
    .addOption(configOption())
    .addOption(shared.json('what was found'))
    .action(verify)
}

function diffCommand(): Command {
  return new Command('diff')
    .description('Tell what another price book changes.')
    .argument('<other>', 'a price book in a JSON file')
    .addOption(bookOption())
    .addOption(shared.json('the changes'))
    .action(diff)
}

async function list({ provider, model, book, config, json }: ListFlags): Promise<void> {
  const { pricesTable } = await import('../render/prices-table.ts')
  const { cards } = config === undefined ? await goodBook(book) : await configuredPrices(config)
  const found = cards.filter(
    (card) => (provider === undefined || card.provider === provider) && (model === undefined || isNamed(card, model)),
  )
  if (json === true) terminal.out(`${JSON.stringify(found, undefined, 2)}\n`)
  else if (found.length === 0) terminal.err('no prices\n')
  else terminal.out(pricesTable(terminal, found, Date.now()))
}

async function verify(flags: { book?: string; config?: string; json?: boolean }): Promise<void> {
  const { findPriceProblems } = await import('@meepo/core')
  const { ageWarning, checkAge } = await import('@meepo/gateway')
  // Overrides that are wrong throw what is wrong with them.
  const value = flags.config === undefined ? await readBook(flags.book) : (await configuredPrices(flags.config)).book
  const problems = findPriceProblems(value)
  if (problems.length > 0) {
    if (flags.json === true) terminal.out(`${JSON.stringify({ problems }, undefined, 2)}\n`)
    for (const { code, where, message } of problems) {
      terminal.err(`${terminal.style('err', 'red', code)}: ${where} ${message}\n`)
    }
    process.exitCode = 1
    return
  }
  // Nothing is wrong with it.
  const book = value as PriceBook
  const age = checkAge(book, Date.now())
  if (flags.json === true)
    terminal.out(`${JSON.stringify({ problems, version: book.version, ...age }, undefined, 2)}\n`)
  else {
    const providers = new Set(book.cards.map(({ provider }) => provider)).size
    terminal.out(
      `price book ${book.version}: ${book.cards.length} models of ${providers} providers, ${age.days} days old\n`,
    )
  }
  const warning = ageWarning(book, Date.now())
  if (warning !== undefined) terminal.err(`${terminal.style('err', 'yellow', 'warning')}: ${warning}\n`)
  else if (age.oldCards.length > 0) {
    const told = `${age.oldCards.length} models were not confirmed by a source for 30 days: ${age.oldCards.join(', ')}`
    terminal.err(`${terminal.style('err', 'yellow', 'warning')}: ${told}\n`)
  }
}

async function diff(other: string, { book, json }: { book?: string; json?: boolean }): Promise<void> {
  const { diffBooks, formatChange } = await import('@meepo/gateway')
  const changes = diffBooks(await goodBook(book), await goodBook(other))
  if (json === true) terminal.out(`${JSON.stringify(changes, undefined, 2)}\n`)
  else if (changes.length === 0) terminal.err('no differences\n')
  else terminal.out(changes.map((change) => `${formatChange(change)}\n`).join(''))
}

async function configuredPrices(file: string): Promise<PriceList> {
  const { openPrices } = await import('@meepo/gateway')
  const { loadConfig } = await import('../config/load-config.ts')
  return openPrices((await loadConfig(file)).config.prices)
}

async function goodBook(file: string | undefined): Promise<PriceBook> {
  const { checkPriceBook } = await import('@meepo/core')
  return checkPriceBook(await readBook(file))
}

async function readBook(file: string | undefined): Promise<unknown> {
  if (file === undefined) return (await import('@meepo/gateway')).shippedPrices()
  return (await import('../arguments.ts')).readInput(`@${file}`)
}

function isNamed({ model, aliases }: PriceCard, text: string): boolean {
  return [model, ...aliases].some((name) => name.includes(text))
}
