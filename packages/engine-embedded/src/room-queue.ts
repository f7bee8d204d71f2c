import type { Drive } from '@meepo/core'
import type { Rooms } from './rooms.ts'

interface Waiter {
  readonly drive: Drive
  readonly enter: () => void
}

/** Drives that arrived while there was no room: let in by priority, then deadline, then in the order in which they came. */
export class RoomQueue {
  readonly #rooms: Rooms
  #waiting: Waiter[] = []

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  /** Resolves when room was taken for it. */
  enter(drive: Drive): Promise<void> {
    if (this.#rooms.left > 0 && this.#waiting.length === 0) {
      this.#rooms.take()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const behind = this.#waiting.findIndex((waiter) => goesBefore(drive, waiter.drive))
      const at = behind < 0 ? this.#waiting.length : behind
      this.#waiting.splice(at, 0, { drive, enter: resolve })
    })
  }

  /** Lets in as many as there is room for. */
  roomIsFree(): void {
    while (this.#rooms.left > 0) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#rooms.take()
      next.enter()
    }
  }

  /** Lets everybody in, so that each finds out by itself that the engine stops. */
  open(): void {
    for (const { enter } of this.#waiting.splice(0)) {
      this.#rooms.take()
      enter()
    }
  }
}

function goesBefore(a: Drive, b: Drive): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  return (a.deadlineAt ?? Infinity) < (b.deadlineAt ?? Infinity)
}
