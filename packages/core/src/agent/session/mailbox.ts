import { MeepoError } from '../../base/errors.ts'
import type { RunContext } from '../../run/context.ts'
import type { Task } from '../../run/task.ts'
import { messageSchema, messageSignal, type NumberedMessage, type SessionMessage } from './message.ts'

/** What a mailbox takes into the next segment. */
export interface MailboxState {
  /** The number that the next message will have. */
  readonly next: number
  /** Messages that came and were not taken up. */
  readonly waiting: readonly NumberedMessage[]
}

/** So many messages are read ahead: the rest waits where it is safe and costs the run nothing. */
const readAhead = 100

/**
 * The messages of a session in their order. One wait is open at any time: the one for the next message. It is the only
 * thing that an idle session holds.
 */
export class Mailbox {
  next: number
  readonly waiting: NumberedMessage[]
  readonly #ctx: RunContext
  readonly #refuse: (number: number, error: MeepoError) => void
  #task: Task<SessionMessage> | undefined = undefined
  #wake: (() => void) | undefined = undefined
  #failure: { readonly thrown: unknown } | undefined = undefined

  /** `refuse` is told of values that are no messages: anybody may send a signal. */
  constructor(ctx: RunContext, { next, waiting }: MailboxState, refuse: (number: number, error: MeepoError) => void) {
    this.#ctx = ctx
    this.#refuse = refuse
    this.next = next
    this.waiting = [...waiting]
    this.#listen()
  }

  /** The next message; waits for it. */
  async take(): Promise<NumberedMessage> {
    for (;;) {
      if (this.#failure) throw this.#failure.thrown
      const message = this.waiting.shift()
      this.#listen()
      if (message) return message
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Takes what wants to enter the answer that is being worked on. */
  takeSteering(): readonly NumberedMessage[] {
    if (this.waiting.length === 0) return []
    const taken = this.waiting.filter(({ policy }) => policy === 'steer')
    const rest = this.waiting.filter(({ policy }) => policy !== 'steer')
    this.waiting.splice(0, this.waiting.length, ...rest)
    if (taken.length > 0) this.#listen()
    return taken
  }

  /** Stops waiting, so that a segment may end. What arrives meanwhile is waited for anew. */
  async close(): Promise<MailboxState> {
    const task = this.#task
    this.#task = undefined
    if (task) await this.#ctx.cancel(task, 'a new segment begins')
    return { next: this.next, waiting: this.waiting }
  }

  #listen(): void {
    if (this.#task || this.waiting.length >= readAhead) return
    try {
      const task = this.#ctx.signalled(messageSignal(this.next), { schema: messageSchema })
      this.#task = task
      task.then(
        (message) => this.#came(task, message),
        (thrown: unknown) => this.#failed(task, thrown),
      )
    } catch (thrown) {
      // In a delivery nobody would catch it: whoever takes the next message does.
      this.#failure = { thrown }
    }
  }

  #came(task: Task<SessionMessage>, message: SessionMessage): void {
    this.waiting.push({ ...message, number: this.next++ })
    this.#goOn(task)
  }

  #failed(task: Task<SessionMessage>, thrown: unknown): void {
    if (!MeepoError.is(thrown) || thrown.code !== 'input.invalid') {
      // Of a wait that was closed nobody needs to know.
      if (this.#task !== task) return
      this.#failure = { thrown }
    } else this.#refuse(this.next++, thrown)
    this.#goOn(task)
  }

  #goOn(task: Task<SessionMessage>): void {
    if (this.#task === task) {
      this.#task = undefined
      if (!this.#failure) this.#listen()
    }
    this.#wake?.()
    this.#wake = undefined
  }
}
