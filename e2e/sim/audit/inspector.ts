import { isDeepStrictEqual } from 'node:util'
import type { BudgetBook, Json, RunId } from '@meepo/core'
import { auditAcknowledged, auditDelivered, auditStored } from '../../torture/audit/acknowledged.ts'
import type { Evidence } from '../../torture/audit/audit.ts'
import { auditBooks } from '../../torture/audit/books.ts'
import { auditEffects, auditRepeats } from '../../torture/audit/effects.ts'
import { auditEnds } from '../../torture/audit/ends.ts'
import { auditInvoice, auditSettled } from '../../torture/audit/invoice.ts'
import { auditOrder } from '../../torture/audit/order.ts'
import { auditOwners } from '../../torture/audit/owners.ts'
import type { Violation } from '../../torture/audit/violation.ts'
import type { BodyLine, StoreLine } from '../../torture/evidence.ts'
import { Outages } from '../../torture/outages.ts'
import type { ToldResult } from '../process/people.ts'
import type { StoreServer } from '../store/store-server.ts'
import type { InvoiceLine } from '../world/provider.ts'
import { dump, replay } from './dump.ts'
import { auditFailures, findMissing } from './ends.ts'
import { auditMoney } from './money.ts'
import type { Story } from './story.ts'
import { auditToolCalls } from './tool-calls.ts'

/** Everything that is known of a simulation, from outside of its processes. */
export interface Known {
  readonly story: Story
  readonly server: StoreServer
  readonly bodies: readonly BodyLine[]
  readonly lines: readonly StoreLine[]
  readonly invoice: readonly InvoiceLine[]
  readonly book: BudgetBook
  readonly acknowledged: ReadonlyMap<RunId, Json>
  readonly left: ReadonlySet<RunId>
  readonly results: readonly ToldResult[]
  readonly problems: readonly string[]
  /** What was found while it happened. */
  readonly found: readonly Violation[]
  readonly now: () => number
  /** What waits to happen in processes that live: timers, answers. */
  readonly pending: () => number
}

/** What must hold at any moment. */
export async function inspect(known: Known): Promise<readonly Violation[]> {
  const { story, server } = known
  const evidence = evidenceOf(known)
  const found = [
    ...known.found,
    ...story.violations,
    ...evidence.problems.map((text) => ({ rule: 'requests are served or refused as documented', text })),
    ...auditAcknowledged(evidence),
    ...auditRepeats(evidence),
    ...auditEffects(evidence),
    ...auditInvoice(evidence),
    ...auditOwners(evidence),
    ...auditOrder(evidence),
    ...auditFailures(story.runs.values()),
    ...auditResults(known),
    ...auditToolCalls(story.runs.values()),
  ]
  if (server.isDown) return found
  const missing = await findMissing(story.runs.values(), server.state)
  const present = { ...evidence, runs: new Map([...story.runs].filter(([id]) => !missing.gone.has(id))) }
  const money = { runs: story.runs, invoice: known.invoice, book: known.book, now: known.now() }
  return [
    ...found,
    ...missing.violations,
    ...(await auditStored(present, server.state)),
    ...(await auditMoney(money, server.state)),
  ]
}

/** The same, and what must hold when nothing goes on any more. */
export async function inspectEnd(known: Known): Promise<readonly Violation[]> {
  const { story, server } = known
  const evidence = evidenceOf(known)
  const missing = await findMissing(story.runs.values(), server.state)
  const present = { ...evidence, runs: new Map([...story.runs].filter(([id]) => !missing.gone.has(id))) }
  return [
    ...(await inspect(known)),
    ...auditDelivered(evidence),
    ...auditSettled(evidence),
    ...auditEnds(evidence),
    ...(missing.gone.size > 0 ? [] : await auditBooks(present, server.state)),
    ...(await auditReplay(known)),
    ...auditLeftovers(known),
  ]
}

/** What a caller was told of the end of a run is in its log. */
function auditResults({ results, story }: Known): readonly Violation[] {
  const rule = 'what a caller was told is in the log'
  return results.flatMap(({ runId, status, result }) => {
    const isThere = story.runs.get(runId)?.events.some(({ event }) => {
      if (event.type !== `run.${status}`) return false
      if (event.type !== 'run.completed' || !('value' in event.data.result)) return true
      return isDeepStrictEqual(event.data.result.value, result)
    })
    return isThere === true ? [] : [{ rule, text: `${runId} was told to be ${status}` }]
  })
}

/** The state is what its writes make of it, and those that were refused made nothing. */
async function auditReplay({ story, server }: Known): Promise<readonly Violation[]> {
  const kept = story.calls.filter(({ isRefused }) => !isRefused).map(({ call }) => call)
  if ((await dump(replay(kept))) === (await dump(server.state))) return []
  return [{ rule: 'a refusal changes nothing', text: 'the state differs from that of the accepted writes alone' }]
}

/** When all runs have ended, or rest on a person, a process needs a few timers and no more. */
function auditLeftovers({ pending, story }: Known): readonly Violation[] {
  const rule = 'nothing piles up'
  const most = 100
  const found = pending() > most ? [{ rule, text: `${pending()} timers and answers are left` }] : []
  for (const { runId, events } of story.runs.values()) {
    if (events.length > 2_000) found.push({ rule, text: `${runId} has ${events.length} events` })
  }
  return found
}

function evidenceOf(known: Known): Evidence {
  const { story, bodies, lines, invoice, acknowledged, left, problems } = known
  return { runs: story.runs, bodies, lines, invoice, acknowledged, left, problems, outages: new Outages(), nodes: [] }
}
