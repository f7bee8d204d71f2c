import type { CallAccount, CallEntry, CallGrant, CallIntent } from '@meepo/core'

/** An account that grants what it is told to, and remembers. */
export interface RecordedAccount extends CallAccount {
  readonly opened: CallIntent[]
  readonly lines: { readonly id: string; readonly entry: CallEntry }[]
  readonly waits: string[]
}

/** An account for tests. Grants everything unless told otherwise. */
export function recordAccount(
  answer: (intent: CallIntent) => CallGrant = ({ picoDollars }) => ({ kind: 'granted', picoDollars }),
  scopes: readonly string[] = ['tenant:acme', 'user:bob', 'session:s1', 'agent:writer', 'run:r1'],
): RecordedAccount {
  const opened: CallIntent[] = []
  const lines: { readonly id: string; readonly entry: CallEntry }[] = []
  const waits: string[] = []
  return {
    tenant: 'acme',
    scopes,
    opened,
    lines,
    waits,
    open: (intent) => {
      opened.push(intent)
      return Promise.resolve(answer(intent))
    },
    settle: (id, entry) => {
      lines.push({ id, entry })
    },
    waiting: (what) => {
      if (what !== undefined) waits.push(what)
    },
  }
}
