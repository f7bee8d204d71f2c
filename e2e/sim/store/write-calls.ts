import type { Store } from '@meepo/core'

/** What changes the state, by role. Everything here goes through the file before it takes effect. */
const writes = {
  log: ['create', 'append', 'reopen', 'forget', 'prune'],
  leases: ['join', 'offer', 'adopt', 'beat', 'takeOver', 'claim', 'take', 'release', 'leave'],
  inbox: ['deliver'],
  blobs: ['put'],
  money: ['setLimit', 'reserve', 'book', 'beat', 'sweep', 'raise', 'takeOff', 'rename'],
} as const

type Writes = typeof writes
/** A role that writes. */
export type Role = keyof Writes
/** A method of it that does. */
export type Method<R extends Role> = Writes[R][number] & keyof Store[R]

/** One write as it lies in the file. */
export interface WriteCall {
  readonly at: number
  readonly role: Role
  readonly method: string
  readonly args: readonly unknown[]
}

/** The names of all methods of a role that write. */
export function writesOf<R extends Role>(role: R): Writes[R] {
  return writes[role]
}

export function encodeCall({ at, role, method, args }: WriteCall): string {
  return JSON.stringify([at, role, method, ...args])
}

export function decodeCall(text: string): WriteCall {
  // Written by encodeCall; the checksum of its frame was right.
  const [at, role, method, ...args] = JSON.parse(text) as [number, Role, string, ...unknown[]]
  // JSON has no undefined; no method of a store takes null.
  return { at, role, method, args: args.map((value) => value ?? undefined) }
}

/** Carries out a write. The state has changed when this returns; the promise tells how. */
export function applyCall(store: Store, { role, method, args }: WriteCall): Promise<unknown> {
  // Role and method come from the list above, and the arguments are those of a call of that method.
  const part = store[role] as unknown as Record<string, (...given: readonly unknown[]) => Promise<unknown>>
  const call = part[method]
  if (call === undefined) throw new Error(`a store has no ${role}.${method}`)
  return call(...args)
}
