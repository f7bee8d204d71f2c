import type { Chance } from './chance.ts'
import { answerPieces, chatRequest, errorBody, wholeAnswer, type ChatAnswer, type ChatRequest } from './chat-wire.ts'
import type { Coverage } from './coverage.ts'
import { never, type Life } from './life.ts'
import { treat, type Illness, type Treatment } from './provider-faults.ts'
import { priceOf } from './prices.ts'
import type { Timeline } from './timeline.ts'

/** One request as the provider's invoice has it. */
export interface InvoiceLine {
  readonly attemptId?: string
  readonly model: string
  readonly startedAt: number
  endedAt?: number
  billed: boolean
  /** What it costs, in pico-dollars; 0 unless billed. */
  amount: bigint
  /** What the provider did with it. */
  readonly treatment: Treatment['kind']
}

type Fetch = typeof globalThis.fetch

/** Tools that an agent uses in its two turns. */
const turns: readonly (readonly string[])[] = [
  ['look', 'file', 'stamp'],
  ['check', 'note', 'pay'],
]

/**
 * A provider with an invoice of its own: what it billed, it billed, whoever still listens. It never answers the same
 * twice.
 */
export class SimulatedProvider {
  readonly invoice: InvoiceLine[] = []
  readonly illness: Illness = { isStorm: false, share: 0, kinds: [], slowness: 1 }
  readonly #timeline: Timeline
  readonly #chance: Chance
  readonly #coverage: Coverage
  #answers = 0

  constructor(timeline: Timeline, chance: Chance, coverage: Coverage) {
    this.#timeline = timeline
    this.#chance = chance
    this.#coverage = coverage
  }

  /** The way of one process to it. */
  fetchOf(life: Life): Fetch {
    return (_input, init) => {
      if (life.pass('model.before')) return never()
      const headers = new Headers(init?.headers)
      // The adapters send JSON as text.
      const body = init?.body as string
      const request = chatRequest.parse(JSON.parse(body))
      return new Promise((resolve, reject) => {
        const signal = init?.signal ?? undefined
        const exchange: Exchange = { life, request, signal, resolve, reject }
        const abort = (): void => reject(signal?.reason)
        if (signal?.aborted === true) {
          abort()
          return
        }
        signal?.addEventListener('abort', abort, { once: true })
        const attemptId = headers.get('x-meepo-attempt-id') ?? undefined
        const ms = this.#chance.between(1, 10)
        // It is on its way: whether its sender lives no longer matters.
        this.#timeline.after(ms, undefined, `request ${attemptId}`, () =>
          this.#arrive(exchange, attemptId, body.length),
        )
      })
    }
  }

  #arrive(exchange: Exchange, attemptId: string | undefined, size: number): void {
    const treatment = treat(this.illness, this.#chance)
    this.#count(treatment)
    const { model } = exchange.request
    const startedAt = this.#timeline.tick()
    if (treatment.kind === 'unreachable') {
      this.#reply(exchange, 1, () => exchange.reject(networkError('ECONNREFUSED')))
      return
    }
    const line: InvoiceLine = {
      ...(attemptId === undefined ? {} : { attemptId }),
      model,
      startedAt,
      billed: false,
      amount: 0n,
      treatment: treatment.kind,
    }
    this.invoice.push(line)
    if (treatment.kind === 'refuse') {
      line.endedAt = this.#timeline.tick()
      this.#refuse(exchange, treatment.status)
      return
    }
    const { slowness } = this.illness
    if (slowness > 1) this.#coverage.hit('provider slow')
    const ms = this.#chance.between(20, 400) * slowness
    this.#timeline.after(ms, undefined, `answer ${attemptId}`, () => this.#answer(exchange, line, treatment, size))
  }

  #answer(exchange: Exchange, line: InvoiceLine, treatment: Treatment, size: number): void {
    const answer = this.#think(exchange.request, size)
    const isBilled = !('isBilled' in treatment) || treatment.isBilled
    line.billed = isBilled
    if (isBilled) line.amount = priceOf(line.model, answer.inputTokens, answer.outputTokens)
    line.endedAt = this.#timeline.tick()
    if (treatment.kind === 'hang') return
    if (treatment.kind === 'reset') this.#reply(exchange, 1, () => exchange.reject(networkError('ECONNRESET')))
    else this.#deliver(exchange, answer, treatment.kind === 'cut')
  }

  #refuse(exchange: Exchange, status: number): void {
    const asked =
      status === 429 && this.#chance.happens(0.7) ? { 'retry-after': String(1 + this.#chance.below(4)) } : {}
    const told = status === 429 ? { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-limit-requests': '60' } : {}
    const headers = { 'content-type': 'application/json', ...asked, ...told }
    this.#reply(exchange, this.#chance.between(1, 30), () =>
      exchange.resolve(new Response(errorBody(status), { status, headers })),
    )
  }

  #deliver(exchange: Exchange, answer: ChatAnswer, isCut: boolean): void {
    const { request, resolve } = exchange
    const id = `answer-${++this.#answers}`
    if (request.stream === true) {
      this.#stream(exchange, answerPieces(id, request.model, answer), isCut)
      return
    }
    const whole = wholeAnswer(id, request.model, answer)
    const headers = { 'content-type': 'application/json' }
    this.#reply(exchange, 1, () =>
      resolve(new Response(isCut ? cutBody(whole.slice(0, whole.length / 2)) : whole, { headers })),
    )
  }

  #stream(exchange: Exchange, pieces: readonly string[], isCut: boolean): void {
    const { life, signal, resolve } = exchange
    const encoder = new TextEncoder()
    const kept = isCut ? pieces.slice(0, 1 + this.#chance.below(pieces.length - 2)) : pieces
    const stops: (() => void)[] = []
    const stopAll = (): void => {
      for (const stop of stops) stop()
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        let ms = 1
        for (const [index, piece] of kept.entries()) {
          ms += this.#chance.between(1, 60) * this.illness.slowness
          stops.push(this.#timeline.after(ms, life, `piece ${index}`, () => controller.enqueue(encoder.encode(piece))))
        }
        stops.push(
          this.#timeline.after(ms + 1, life, 'end of stream', () => {
            if (isCut) controller.error(networkError('ECONNRESET'))
            else controller.close()
          }),
        )
        const abort = (): void => {
          stopAll()
          controller.error(signal?.reason)
        }
        signal?.addEventListener('abort', abort, { once: true })
      },
      // Whoever has read enough goes: the rest is sent to nobody.
      cancel: stopAll,
    })
    this.#reply(exchange, 1, () => resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } })))
  }

  /** Something comes back to the process that asked, if it still lives. */
  #reply({ life }: Exchange, ms: number, arrive: () => void): void {
    this.#timeline.after(ms, life, 'model answered', () => {
      if (!life.pass('model.after')) arrive()
    })
  }

  #think({ messages, tools = [], max_tokens, max_completion_tokens }: ChatRequest, size: number): ChatAnswer {
    const amount = (): number => this.#chance.below(1e9)
    const turn = tools.length === 0 ? undefined : turns[messages.filter(({ role }) => role === 'assistant').length]
    const toolCalls = (turn ?? []).map((name, index) => ({
      id: `call-${this.#answers + 1}-${index}`,
      name,
      arguments: JSON.stringify({ amount: amount() }),
    }))
    const text = toolCalls.length > 0 ? '' : tools.length > 0 ? `done ${amount()} and over` : `{"amount": ${amount()} }`
    const most = max_tokens ?? max_completion_tokens ?? 1_000
    return {
      text,
      toolCalls,
      inputTokens: Math.ceil(size / 8),
      outputTokens: Math.min(most, 10 + toolCalls.length * 10 + Math.ceil(text.length / 4)),
    }
  }

  #count(treatment: Treatment): void {
    if (treatment.kind === 'refuse') {
      if (this.illness.isStorm) this.#coverage.hit('provider 429 storm')
      else this.#coverage.hit(treatment.status === 429 ? 'provider 429' : 'provider 5xx')
    } else if (treatment.kind !== 'answer') this.#coverage.hit(`provider ${treatment.kind}`)
  }
}

interface Exchange {
  readonly life: Life
  readonly request: ChatRequest
  readonly signal: AbortSignal | undefined
  readonly resolve: (response: Response) => void
  readonly reject: (thrown: unknown) => void
}

/** The beginning of an answer whose end never comes. */
function cutBody(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(text))
      controller.error(networkError('ECONNRESET'))
    },
  })
}

/** As `fetch` throws it: the reason lies below. */
function networkError(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
