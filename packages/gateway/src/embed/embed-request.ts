import type { EmbeddingModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { toError, type Limiter, type MeepoError, type Permit, type Random, type Scheduler } from '@meepo/core'

import { cancelledError, modelError, toModelError } from '../errors/model-error.ts'
import type { PriceList } from '../prices/price-list.ts'
import type { TokenScales } from '../tokens/estimate-tokens.ts'
import { backoffMs, retryRule } from '../retry/backoff.ts'
import { admit, endPermit } from './embed-permit.ts'
import { believable, openSlice, settleSlices, type OpenSlice } from './embed-books.ts'
import type { EmbedSlice } from './embed-slice.ts'

/** What a request needs. */
export interface EmbedSender {
  readonly scheduler: Pick<Scheduler, 'now' | 'elapsed' | 'after'>
  readonly random: Pick<Random, 'next'>
  /** Those in force. */
  readonly prices: () => PriceList | Promise<PriceList>
  /** What was learnt of the tokens of models, and is learnt here. */
  readonly scales: TokenScales
  /** The gate in front of requests. */
  readonly limiter?: Limiter | undefined
  /** How long the provider may take. */
  readonly timeoutMs: number
}

const rule = retryRule()

/**
 * Sends slices in one request and tells each its vectors or its error. What a provider refuses because of a value is sent
 * again in halves, so that only the caller of that value fails; what may succeed later is repeated. Never rejects.
 */
export async function sendSlices(
  sender: EmbedSender,
  slices: readonly EmbedSlice[],
  { attempt, repeats }: { readonly attempt: number; readonly repeats: number } = { attempt: 1, repeats: 0 },
): Promise<void> {
  const entered = await enter(sender, slices)
  if (!entered) return
  const open = await openAll(sender, entered.slices, attempt)
  if (open.length === 0) entered.permit?.release()
  const error = open.length === 0 ? undefined : await send(sender, open, attempt, entered.permit)
  if (error === undefined) return
  const left = open.map(({ slice }) => slice)
  if (isAboutAValue(error) && left.length > 1) {
    const half = Math.ceil(left.length / 2)
    const halves = [left.slice(0, half), left.slice(half)]
    await Promise.all(halves.map((part) => sendSlices(sender, part, { attempt: attempt + 1, repeats })))
    return
  }
  const again = left.filter(({ maxRetries, signal }) => error.retryable && repeats < maxRetries && !signal.aborted)
  for (const slice of left) if (!again.includes(slice)) slice.fail(reasonOf(slice, error))
  if (again.length === 0) return
  await pause(sender, Math.max(backoffMs(rule, repeats + 1, sender.random.next()), waitOf(error)))
  await sendSlices(sender, again, { attempt: attempt + 1, repeats: repeats + 1 })
}

/** Those who did not leave, and their permit; undefined when nobody is left, or the limits refuse, which all are told. */
async function enter(
  sender: EmbedSender,
  slices: readonly EmbedSlice[],
): Promise<{ readonly slices: readonly EmbedSlice[]; readonly permit: Permit | undefined } | undefined> {
  for (const slice of slices) if (slice.signal.aborted) slice.fail(cancelledError(slice.signal))
  const [first, ...others] = slices.filter(({ signal }) => !signal.aborted)
  if (!first) return undefined
  const all = [first, ...others] as const
  try {
    return { slices: all, permit: await admit(sender, all, first.nextPermit()) }
  } catch (thrown) {
    for (const slice of all) slice.fail(toError(thrown))
    return undefined
  }
}

async function openAll(sender: EmbedSender, slices: readonly EmbedSlice[], attempt: number): Promise<OpenSlice[]> {
  const at = sender.scheduler.now()
  const opened = await Promise.all(
    slices.map(async (slice) => {
      try {
        if (slice.signal.aborted) throw cancelledError(slice.signal)
        return await openSlice(slice, { prices: await sender.prices(), scales: sender.scales, try: attempt, at })
      } catch (error) {
        slice.fail(error)
        return undefined
      }
    }),
  )
  return opened.filter((one) => one !== undefined)
}

/** One request; books it whatever becomes of it. Answers with the error, after telling nobody. */
async function send(
  sender: EmbedSender,
  open: readonly OpenSlice[],
  attempt: number,
  permit: Permit | undefined,
): Promise<MeepoError | undefined> {
  const { scheduler } = sender
  const prices = await sender.prices()
  const startedAt = scheduler.now()
  const from = scheduler.elapsed()
  const sent = (): { try: number; startedAt: number; endedAt: number; durationMs: number } => ({
    try: attempt,
    startedAt,
    endedAt: scheduler.now(),
    durationMs: scheduler.elapsed() - from,
  })
  try {
    const { embeddings, usage } = await ask(sender, open)
    settleSlices(open, prices, { ...sent(), tokens: usage?.tokens })
    const told = believable(usage?.tokens)
    endPermit(permit, told)
    if (told !== undefined) learn(sender.scales, open, told)
    let at = 0
    for (const { slice } of open) slice.done(embeddings.slice(at, (at += slice.values.length)))
    return undefined
  } catch (thrown) {
    const error = errorOf(open, thrown, scheduler.now())
    settleSlices(open, prices, { ...sent(), error })
    endPermit(permit, undefined, error)
    return error
  }
}

/** What the provider counted tells what its tokens are like. */
function learn(scales: TokenScales, open: readonly OpenSlice[], tokens: number): void {
  const [{ slice }] = open as readonly [OpenSlice, ...OpenSlice[]]
  const weight = open.reduce((sum, one) => sum + one.slice.size.weight, 0)
  scales.learn(slice.place.target.id, { weight, pieces: 0 }, tokens)
}

async function ask(
  { scheduler, timeoutMs }: EmbedSender,
  open: readonly OpenSlice[],
): Promise<Awaited<ReturnType<EmbeddingModelV4['doEmbed']>>> {
  const [{ slice, id }] = open as readonly [OpenSlice, ...OpenSlice[]]
  const { place, dimensions, providerOptions } = slice
  const model = await place.load()
  const values = open.flatMap((one) => one.slice.values)
  const ending = new AbortController()
  // A custom `fetch` may ignore its signal.
  const { promise: ended, reject } = Promise.withResolvers<never>()
  ending.signal.addEventListener('abort', () => reject(ending.signal.reason))
  ended.catch(() => {})
  const stop = scheduler.after(timeoutMs, () =>
    ending.abort(modelError(place.target, 'model.timeout', `did not answer within ${timeoutMs} ms`)),
  )
  const letGo = whenAllLeft(open, () => ending.abort(cancelledError(slice.signal)))
  try {
    const asking = model.doEmbed({
      values: [...values],
      ...(dimensions === undefined ? {} : { dimensions }),
      // Passed through and only read; the adapters' types do not say that.
      ...(providerOptions === undefined ? {} : { providerOptions: providerOptions as SharedV4ProviderOptions }),
      headers: { 'x-meepo-attempt-id': id },
      abortSignal: ending.signal,
    })
    const result = await Promise.race([asking, ended])
    if (result.embeddings.length === values.length) return result
    const counts = `answered with ${result.embeddings.length} vectors for ${values.length} texts`
    throw modelError(place.target, 'model.bad_response', counts)
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error
  } finally {
    stop()
    letGo()
  }
}

/** One caller who leaves leaves the others their answer. */
function whenAllLeft(open: readonly OpenSlice[], run: () => void): () => void {
  const signals = new Set(open.map(({ slice }) => slice.signal))
  const check = (): void => {
    if ([...signals].every(({ aborted }) => aborted)) run()
  }
  for (const signal of signals) signal.addEventListener('abort', check)
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', check)
  }
}

function errorOf(open: readonly OpenSlice[], thrown: unknown, now: number): MeepoError {
  const [{ slice }] = open as readonly [OpenSlice, ...OpenSlice[]]
  const messages = open.flatMap((one) => one.slice.values.map((text) => ({ role: 'user' as const, text })))
  return toModelError(thrown, slice.place.target, { messages }, 'before-answer', now)
}

function isAboutAValue({ code }: MeepoError): boolean {
  return code === 'model.rejected' || code === 'model.context_length' || code === 'model.content_filter'
}

function reasonOf({ signal }: EmbedSlice, error: MeepoError): MeepoError {
  return signal.aborted ? cancelledError(signal) : error
}

function waitOf({ details }: MeepoError): number {
  const wait = details?.['retryAfterMs']
  return typeof wait === 'number' ? wait : 0
}

function pause({ scheduler }: EmbedSender, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, resolve)
  })
}
