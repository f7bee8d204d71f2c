import type { CallAccount, LimitedCall } from '@meepo/core'

import type { Target } from '../target.ts'

type Person = 'user' | 'session' | 'agent'
type People = Readonly<Partial<Record<Person, string>>>

const readBefore = new WeakMap<readonly string[], People>()

/** Whom a call belongs to. Of several of a kind the last one is the nearest. All calls of a run have the same scopes. */
export function peopleOf({ scopes }: CallAccount): People {
  const known = readBefore.get(scopes)
  if (known) return known
  const people: Partial<Record<Person, string>> = {}
  for (const scope of scopes) {
    const end = scope.indexOf(':')
    const kind = scope.slice(0, end)
    if (kind === 'user' || kind === 'session' || kind === 'agent') people[kind] = scope.slice(end + 1)
  }
  readBefore.set(scopes, people)
  return people
}

/** Who and what a call is for, as limits count it. */
export function limitScopes(account: CallAccount, target: Target): LimitedCall['scopes'] {
  return {
    ...peopleOf(account),
    tenant: account.tenant,
    provider: target.provider,
    key: `${target.provider}/${target.key}`,
    model: target.id,
  }
}
