import { Command, Option } from 'commander'
import type { BudgetState } from '@meepo/core'
import type { Meepo } from 'meepo'
import { parseBudget, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface BudgetFlags {
  readonly tenant: string
  readonly config?: string
  readonly json?: boolean
}

/** `meepo budget` */
export function budgetCommand(): Command {
  return new Command('budget')
    .description('Look at budgets, and raise or lower one at once for all processes.')
    .addCommand(listCommand())
    .addCommand(setCommand())
    .addCommand(liftCommand())
}

const account = 'a budget and whose, like per-user/user:bob or each/run:r1/agent:planner; or a run, like run:r1'
const tenant = (): Option => new Option('--tenant <name>', 'whose budget').default('default')

function listCommand(): Command {
  return new Command('list')
    .description('List what budgets hold in their present period.')
    .addOption(shared.config())
    .addOption(shared.json('the list'))
    .action(list)
}

function setCommand(): Command {
  return new Command('set')
    .description('Set the limit of a budget until its period ends; of a rolling one and of a run until it is lifted.')
    .argument('<account>', account)
    .argument('<dollars>', 'the new limit', parseBudget)
    .addOption(tenant())
    .addOption(shared.config())
    .action((name: string, dollars: string, flags: BudgetFlags) => change(name, dollars, flags))
}

function liftCommand(): Command {
  return new Command('lift')
    .description('Take back what `meepo budget set` set: the limit is the configured one again.')
    .argument('<account>', account)
    .addOption(tenant())
    .addOption(shared.config())
    .action((name: string, flags: BudgetFlags) => change(name, undefined, flags))
}

async function list({ config, json }: BudgetFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { budgetTable } = await import('../render/budget-table.ts')
  const found = await withStore(config, ({ costs }) => costs.budgets())
  if (json === true) terminal.out(`${JSON.stringify(found, undefined, 2)}\n`)
  else if (found.length === 0) terminal.err('nothing was charged to a budget in its present period\n')
  else terminal.out(budgetTable(terminal, found, Date.now()))
}

async function change(name: string, dollars: string | undefined, flags: BudgetFlags): Promise<void> {
  const { parseDollars } = await import('@meepo/core')
  const { withStore } = await import('../session.ts')
  const { budgetLine } = await import('../render/budget-table.ts')
  const { key, limitKey, scopes } = await findAccount(name, flags)
  // A budget may be set before anything ran. A run is there, or its id is a mistake.
  const mayMake = dollars !== undefined && !name.startsWith('run:')
  const set = async ({ store, costs }: Meepo): Promise<BudgetState | undefined> => {
    await store.money.setLimit(limitKey, dollars === undefined ? undefined : parseDollars(dollars).toString())
    return (await costs.budgets(scopes)).find((one) => one.key === key)
  }
  const state = await withStore(flags.config, set, { mayMake })
  terminal.err(state ? `${budgetLine(state)}\n` : `${name} has no limit of its own now\n`)
}

/** The key of the account that a name means, and scopes that lead to it. */
async function findAccount(
  name: string,
  { tenant: owner, config: named }: BudgetFlags,
): Promise<{ readonly key: string; readonly limitKey: string; readonly scopes: readonly string[] }> {
  if (name.startsWith('run:')) return { key: name, limitKey: name, scopes: [name] }
  const { createBudgetBook, MeepoError } = await import('@meepo/core')
  const { loadConfigIfAny } = await import('../config/load-config.ts')
  const [budget = '', ...rest] = name.split('/')
  // Of a budget that starts anew with every run, the run is named as well.
  const run = rest.length > 1 && rest[0]?.startsWith('run:') === true ? rest.slice(0, 1) : []
  const scope = rest.slice(run.length).join('/')
  const { config } = await loadConfigIfAny(named)
  const book = createBudgetBook(config.budgets)
  const scopes = [...(scope.startsWith('tenant:') ? [] : [`tenant:${owner}`]), scope, ...run]
  const accounts = book.accountsFor(scopes, Date.now())
  const found = accounts.find(({ key }) => key.startsWith(`${budget}/`) && key.endsWith(`/${scope}`))
  if (scope !== '' && found !== undefined) return { key: found.key, limitKey: found.limitKey ?? found.key, scopes }
  const known = book.budgets.map(
    ({ name: one, period, scope: kind, value = 'NAME' }) =>
      `${one}/${period === 'run' ? 'run:ID/' : ''}${kind}:${value}`,
  )
  const hint =
    known.length > 0 ? `there are ${known.join(', ')}, and run:ID` : 'no budgets are configured; a run is run:ID'
  throw new MeepoError('config.invalid', `${JSON.stringify(name)} is no budget: ${hint}`)
}
