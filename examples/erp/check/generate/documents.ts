import { amount } from './world.ts'
import type { World } from './world.ts'

/** A category of the expense policy. */
export interface Limit {
  readonly category: string
  readonly cents: number
  readonly per: string
  readonly receiptFrom: number
  readonly isAllowed: boolean
}

const limits: readonly Limit[] = [
  { category: 'hotel', cents: 14000, per: 'night', receiptFrom: 0, isAllowed: true },
  { category: 'meal', cents: 4500, per: 'person', receiptFrom: 2000, isAllowed: true },
  { category: 'taxi', cents: 6000, per: 'ride', receiptFrom: 1500, isAllowed: true },
  { category: 'train', cents: 25000, per: 'trip', receiptFrom: 2500, isAllowed: true },
  { category: 'flight', cents: 90000, per: 'trip', receiptFrom: 0, isAllowed: true },
  { category: 'mileage', cents: 30, per: 'kilometre', receiptFrom: 100000, isAllowed: true },
  { category: 'parking', cents: 3000, per: 'day', receiptFrom: 1000, isAllowed: true },
  { category: 'office', cents: 12000, per: 'piece', receiptFrom: 0, isAllowed: true },
  { category: 'training', cents: 80000, per: 'day', receiptFrom: 0, isAllowed: true },
  { category: 'gift', cents: 3500, per: 'person', receiptFrom: 0, isAllowed: true },
  { category: 'alcohol', cents: 0, per: 'bottle', receiptFrom: 0, isAllowed: false },
  { category: 'fine', cents: 0, per: 'ticket', receiptFrom: 0, isAllowed: false },
]

/** A task of the onboarding checklist. */
export interface OnboardingTask {
  readonly task: string
  readonly jobs: string
  readonly dueDay: number
}

/** The checklist for new colleagues; `jobs` is `all` or a list of job ids. */
export const onboardingTasks: readonly OnboardingTask[] = [
  { task: 'sign contract', jobs: 'all', dueDay: -14 },
  { task: 'order laptop', jobs: 'all', dueDay: -10 },
  { task: 'create accounts', jobs: 'all', dueDay: -3 },
  { task: 'safety briefing', jobs: 'all', dueDay: 2 },
  { task: 'payroll data', jobs: 'all', dueDay: 5 },
  { task: 'repository access', jobs: 'J-1', dueDay: 1 },
  { task: 'ledger training', jobs: 'J-2', dueDay: 14 },
  { task: 'warehouse tour', jobs: 'J-2; J-3', dueDay: 7 },
  { task: 'forklift licence', jobs: 'J-3', dueDay: 21 },
  { task: 'feedback talk', jobs: 'all', dueDay: 30 },
]

/** Writes the policy and the onboarding checklist; returns the expense limits. */
export function makeDocuments(world: World): readonly Limit[] {
  const limitRows = limits.map((limit) =>
    limit.isAllowed
      ? `| ${limit.category} | ${amount(limit.cents)} | ${limit.per} | ${amount(limit.receiptFrom)} | yes |`
      : `| ${limit.category} | 0.00 | ${limit.per} | 0.00 | no |`,
  )
  world.files.set(
    'policy.md',
    `# Company policy

In force since 1 January 2026. The tables are read by people and by the agents alike: change a value here and the next
report follows it.

## Expense limits

| category | limit | per | receipt from | allowed |
|---|---|---|---|---|
${limitRows.join('\n')}

A line may cost its limit times its units. From the amount in "receipt from" on, a receipt is needed. What is not
allowed is not paid back at all.

## Thresholds

| name | value | meaning |
|---|---|---|
| expense_age_days | 60 | an expense older than this at submission is refused |
| order_approval_limit | 5000.00 | an order above this needs a second signature |
| stale_order_days | 90 | an order without any delivery for longer than this is stale |
| bank_transit_days | 2 | a payment this young may still be on its way to the bank |
| price_increase_percent | 10 | a list price that rose by more than this is reported |
| employment_gap_months | 6 | a gap between two employments longer than this is asked about |
| demand_rising_percent | 150 | the forecast as a share of the months before, from which demand is rising |
| demand_falling_percent | 50 | the forecast as a share of the months before, down to which demand is falling |
| elevated_risk_score | 40 | from this score on, a supplier is watched |
| high_risk_score | 60 | from this score on, a supplier is reviewed |
| young_company_months | 24 | a company younger than this is young |

## Risk points

| factor | points | meaning |
|---|---|---|
| watchlist_country | 35 | the supplier sits in a country of the watch list |
| contract_expired | 25 | there is no contract, or it has ended |
| certificate_missing | 20 | there is no quality certificate |
| young_company | 15 | the company is young |
| foreign_account | 10 | the bank account is in another country than the supplier |

## Watch list

| country | name |
|---|---|
| XF | Freedonia |
| XR | Ruritania |
| XS | Sylvania |
`,
  )
  world.files.set(
    'onboarding.md',
    `# Onboarding checklist

The due day counts from the first working day: -3 is three days before it, 5 is five days after it.

## Tasks

| task | jobs | due day |
|---|---|---|
${onboardingTasks.map((task) => `| ${task.task} | ${task.jobs} | ${task.dueDay} |`).join('\n')}
`,
  )
  return limits
}
