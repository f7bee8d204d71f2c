import { askScript } from '../ask-script.ts'
import type { Call } from '../ask-script.ts'
import { newCharge, outcomeOf } from '../charge.ts'
import { SimulatorError } from '../failure.ts'
import { prepareAnswer } from '../prepare.ts'
import { checkModel } from '../refusal.ts'
import type { House } from '../routes.ts'
import { isProblem } from '../wire/wire.ts'
import type { Problem } from '../wire/wire.ts'
import type { Batch, BatchItem, BatchResult } from './batch-store.ts'

/** The tier that a batch is charged at. */
const TIER = 'batch'

/** True when the time of a batch is over, or it was cancelled. */
export function isDone({ options }: House, batch: Batch): boolean {
  return batch.isCancelled || options.clock() - batch.createdAt >= options.batchMs
}

/** The results, made when they are first wanted. A batch that was cancelled has none. */
export function resultsOf(house: House, batch: Batch): Promise<readonly BatchResult[]> {
  if (batch.isCancelled && batch.results === undefined) return Promise.resolve([])
  batch.results ??= runAll(house, batch)
  return batch.results
}

async function runAll(house: House, batch: Batch): Promise<readonly BatchResult[]> {
  const results: BatchResult[] = []
  for (const item of batch.items) results.push(await runItem(house, batch, item))
  return results
}

/** Each item is an entry of the journal under its own id. A fault that breaks a connection fails the item. */
async function runItem({ options, journal }: House, batch: Batch, item: BatchItem): Promise<BatchResult> {
  const { provider, key } = batch
  const { wire, path, body } = item
  const read = wire.read(body, item.model)
  const entry = journal.start({
    attemptId: item.id,
    batchId: batch.id,
    provider: provider.name,
    route: wire.route,
    path,
    body,
    ...(key !== undefined && { key }),
    ...(!isProblem(read) && { model: read.chat.model }),
  })
  const charge = newCharge()
  const finish = (status: number, text: string): BatchResult => {
    charge.status = status
    journal.end(entry, outcomeOf(charge, provider.name, options.prices))
    return { id: item.id, status, text }
  }
  const fail = (problem: Problem): BatchResult => finish(problem.status, JSON.stringify(wire.vendor.errorBody(problem)))
  if (isProblem(read)) return fail(read)
  const unknown = checkModel(provider, read.chat.model)
  if (unknown !== undefined) return fail(unknown)

  const { number } = entry
  const { chat } = read
  const rawBody = JSON.stringify(body)
  const call: Call = { number, provider, wire, path, key, headers: {}, chat, stream: false, wireBody: body, rawBody }
  const answer = await askScript(call, undefined)
  if (answer instanceof SimulatorError) {
    charge.fault = answer.code
    return fail({ status: 500, message: answer.message, code: answer.code })
  }
  const fault = answer?.fault
  if (answer === undefined || fault !== undefined) {
    if (fault !== undefined) charge.fault = fault.kind
    if (fault?.kind !== 'refuse') return fail({ status: 500, message: 'The server had an error.' })
    const { status, reason, message = 'The request was refused.' } = fault
    return fault.body === undefined ? fail({ status, reason, message }) : finish(status, JSON.stringify(fault.body))
  }
  const { head, completion } = prepareAnswer(options.seed, call, { serviceTier: TIER, ...answer }, charge)
  charge.billed = true
  charge.outputTokens = completion.usage.outputTokens
  return finish(200, wire.render(head, completion, chat))
}
