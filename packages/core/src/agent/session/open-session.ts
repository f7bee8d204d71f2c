import { MeepoError } from '../../base/errors.ts'
import type { RunId } from '../../base/ids.ts'
import { canonicalJson, type Json } from '../../base/json.ts'
import type { Machine } from '../../base/ports.ts'
import type { Engine, RunHandle, StreamEvent, StreamOptions } from '../../engine/engine.ts'
import type { LogEvent } from '../../log/events.ts'
import type { Message } from '../../model/model.ts'
import type { Definition } from '../../run/definition.ts'
import { blobsOf } from '../../run/record-fold.ts'
import type { Store } from '../../store/store.ts'
import type { Agent } from '../agent.ts'
import { asAny } from '../prepared.ts'
import type { AgentState } from '../segment.ts'
import { isMessage, messageNumber, messageSignal, type NumberedMessage, type SessionMessage } from './message.ts'
import type { Reply, SendOptions, SentMessage, Session, SessionOptions } from './session.ts'
import { sessionDefinition, type SessionStart } from './session-run.ts'
import { settledPart, settledState } from './settled-state.ts'
import { entryOf, SessionView, type SessionEntry } from './view.ts'

/** Where sessions live: an engine with its store. */
export interface SessionHost extends Engine {
  readonly store: Store
  readonly machine: Machine
}

const definitions = new WeakMap<Agent, Definition<SessionStart, unknown>>()

/** The definition behind the sessions of an agent: the same one every time. Known to an engine, sessions wake by themselves. */
export function sessionOf<O>(agent: Agent<string, O>): Definition<SessionStart, unknown> {
  const key = asAny(agent)
  let definition = definitions.get(key)
  if (!definition) definitions.set(key, (definition = sessionDefinition(key)))
  return definition
}

/** Opens a session, which begins with its first message. */
export function openSession<O>(host: SessionHost, agent: Agent<string, O>, options: SessionOptions = {}): Session<O> {
  return new OpenSession<O>(host, agent, options, {})
}

/*
 * The side of the senders. Nothing is kept here but what the log says.
 *
 * P1 A message takes the first free number: the signal of a number has one value, so whoever comes second takes the next.
 * P2 A message that came is found by its id, in the log or on its way there. It is looked for on its way first: what moves
 *    meanwhile is then in the log.
 */
class OpenSession<O> implements Session<O> {
  readonly sessionId: string
  readonly runId: RunId
  readonly #host: SessionHost
  readonly #agent: Agent<string, O>
  readonly #options: SessionOptions
  readonly #start: SessionStart
  readonly #scope: { readonly tenant: string }
  readonly #view = new SessionView()
  #begun: Promise<RunHandle> | undefined

  constructor(host: SessionHost, agent: Agent<string, O>, options: SessionOptions, start: SessionStart) {
    const { tenant = 'default', sessionId = `s${host.machine.random.id().slice(0, 20)}` } = options
    this.sessionId = sessionId
    this.runId = `s${host.machine.hash(canonicalJson([tenant, agent.name, sessionId])).slice(0, 24)}`
    this.#host = host
    this.#agent = agent
    this.#options = { ...options, tenant, sessionId }
    this.#start = start
    this.#scope = { tenant }
  }

  async send(
    text: string,
    { signal, ...options }: SendOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<Reply<O>> {
    const sent = await this.post(text, options)
    return sent.reply(signal ? { signal } : {})
  }

  async post(text: string, options: SendOptions = {}): Promise<SentMessage<O>> {
    const { machine } = this.#host
    const { policy = 'queue', messageId = machine.random.id(), actor = this.#options.actor } = options
    const handle = await this.#begin()
    const underway = await this.#refresh()
    const known = this.#view.numberOf(messageId) ?? underway.find(({ id }) => id === messageId)?.number
    if (known !== undefined) return this.#sent(known)
    const isBusy = this.#view.isBusy || underway.length > 0
    if (isBusy && policy === 'reject') throw busy(this.sessionId)
    if (isBusy && policy === 'fork') return this.#postToFork(text, messageId, options)
    const message: SessionMessage = {
      id: messageId,
      text,
      policy: policy === 'steer' ? 'steer' : 'queue',
      ...(actor === undefined ? {} : { actor }),
    }
    const first = Math.max(this.#view.next, ...underway.map(({ number }) => number + 1))
    for (let number = first; ; number++) {
      if (await this.#deliver(handle, number, message)) return this.#sent(number)
      if (policy === 'reject') throw busy(this.sessionId)
      if (policy === 'fork') return this.#postToFork(text, messageId, options)
    }
  }

  async history(): Promise<readonly SessionEntry<O>[]> {
    if (!(await this.#exists())) return []
    const underway = await this.#refresh()
    const waiting = underway.map((message) => entryOf(message, message.number))
    // The agent's own schema, or its text, made the answers.
    return [...this.#view.entries, ...waiting] as readonly SessionEntry<O>[]
  }

  async messages(): Promise<readonly Message[]> {
    return (await this.#settled()).conversation?.messages ?? []
  }

  async fork(sessionId: string = `s${this.#host.machine.random.id().slice(0, 20)}`): Promise<Session<O>> {
    const { message, conversation } = await this.#settled()
    const start: SessionStart = {
      from: { sessionId: this.sessionId, message },
      ...(conversation ? { conversation } : {}),
    }
    return new OpenSession(this.#host, this.#agent, { ...this.#options, sessionId }, start)
  }

  async *stream(options?: StreamOptions): AsyncGenerator<StreamEvent, void, undefined> {
    const handle = await this.#begin()
    yield* handle.stream(options)
  }

  // ---- the run behind it ----

  #begin(): Promise<RunHandle> {
    this.#begun ??= this.#started()
    this.#begun.catch(() => (this.#begun = undefined))
    return this.#begun
  }

  async #started(): Promise<RunHandle> {
    const engine = this.#host
    try {
      await engine.start(sessionOf(this.#agent), this.#start, { ...this.#options, runId: this.runId })
    } catch (thrown) {
      // It was begun by another version of the agent, or as a fork: it goes on as it began.
      if (!MeepoError.is(thrown) || thrown.code !== 'run.exists') throw thrown
    }
    return engine.handle(this.runId, this.#scope)
  }

  /** Looking at a session does not begin it. */
  async #exists(): Promise<boolean> {
    try {
      await this.#host.store.log.run(this.#scope, this.runId)
      return true
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return false
      throw thrown
    }
  }

  /** Reads what is new, and returns the messages that are not in the log yet, in their order. P2. */
  async #refresh(): Promise<readonly NumberedMessage[]> {
    const { store } = this.#host
    const pending = await store.inbox.pending(this.#scope, this.runId)
    for (const event of await store.log.read(this.#scope, this.runId, this.#view.seq)) this.#view.read(event)
    const underway = pending.flatMap(({ name = '', data }): NumberedMessage[] => {
      const number = messageNumber(name)
      if (number === undefined || !isMessage(data) || this.#view.entry(number) !== undefined) return []
      const message: SessionMessage = data
      return [{ ...message, number }]
    })
    return underway.toSorted((a, b) => a.number - b.number)
  }

  /** False when the number is taken. P1. */
  async #deliver(handle: RunHandle, number: number, message: SessionMessage): Promise<boolean> {
    try {
      // A message is plain JSON.
      await handle.signal(messageSignal(number), message as unknown as Json, `session/${number}/${message.id}`)
      return true
    } catch (thrown) {
      if (!MeepoError.is(thrown)) throw thrown
      if (thrown.code === 'signal.conflict') return false
      throw thrown.code === 'run.ended' ? ended(this.sessionId, thrown) : thrown
    }
  }

  #sent(number: number): SentMessage<O> {
    return { session: this, number, reply: ({ signal } = {}) => this.#reply(number, signal) }
  }

  async #postToFork(text: string, messageId: string, options: SendOptions): Promise<SentMessage<O>> {
    const { hash } = this.#host.machine
    // The same message is the same fork, however often it is sent.
    const fork = await this.fork(`${this.sessionId}.fork-${hash(messageId).slice(0, 12)}`)
    return fork.post(text, { ...options, messageId, policy: 'queue' })
  }

  async #reply(number: number, signal: AbortSignal | undefined): Promise<Reply<O>> {
    const handle = await this.#begin()
    const known = this.#replyOf(number)
    if (known) return known
    let last: LogEvent | undefined
    for await (const event of handle.events({ afterSeq: this.#view.seq, ...(signal ? { signal } : {}) })) {
      last = event
      this.#view.read(event)
      const reply = this.#replyOf(number)
      if (reply) return reply
    }
    if (signal?.aborted === true)
      throw new MeepoError('task.cancelled', 'stopped waiting; the message will be answered')
    throw ended(this.sessionId, last?.type === 'run.failed' ? MeepoError.fromData(last.data.error) : undefined)
  }

  #replyOf(number: number): Reply<O> | undefined {
    const entry = this.#view.entry(number)
    const { sessionId } = this
    if (entry?.status === 'failed') {
      return { sessionId, number, success: false, ...(entry.error ? { error: entry.error } : {}) }
    }
    // The agent's own schema, or its text, made the answer.
    return entry?.status === 'answered' ? { sessionId, number, success: true, answer: entry.answer as O } : undefined
  }

  // ---- where it stands ----

  async #settled(): Promise<{ readonly message: number; readonly conversation?: AgentState | undefined }> {
    const { store, machine } = this.#host
    if (!(await this.#exists())) return { message: 0, conversation: this.#start.conversation }
    const events = await store.log.read(this.#scope, this.runId)
    const part = settledPart(events)
    const fetched = new Map<string, Json>()
    for (const id of blobsOf(part ?? events.slice(0, 1))) {
      // Blobs are written as JSON by the drivers.
      fetched.set(id, JSON.parse(await store.blobs.get(this.#scope, id)) as Json)
    }
    if (part) return settledState(asAny(this.#agent), this.runId, part, fetched, machine)
    const [created] = events
    const input = created?.type === 'run.created' ? created.data.input : undefined
    const value = input && ('value' in input ? input.value : fetched.get(input.ref.blob))
    // Nothing was said yet: it stands where it began. Only sessions are started with such an input.
    const { conversation } = (value ?? {}) as SessionStart
    return { message: 0, ...(conversation ? { conversation } : {}) }
  }
}

function busy(sessionId: string): MeepoError {
  return new MeepoError('session.busy', `session ${sessionId} is answering another message`)
}

function ended(sessionId: string, cause: MeepoError | undefined): MeepoError {
  const why = cause ? `: ${cause.message}` : ''
  return new MeepoError('session.ended', `session ${sessionId} has ended${why}`, cause ? { cause } : {})
}
