import type { CallAccount, LimitedCall } from '@meepo/core'

import type { Target } from '../target.ts'

type Person = 'user' | 'session' | 'agent'
const kinds: readonly Person[] = ['user', 'session', 'agent']
type People = Readonly<Partial<Record<Person, string>>>

/** Whom a call belongs to. Of several of a kind the last one is the nearest. */
export function peopleOf({ scopes }: CallAccount): People {
  const people: Partial<Record<Person, string>> = {}
  for (const scope of scopes) {
    for (const kind of kinds) if (scope.startsWith(`${kind}:`)) people[kind] = scope.slice(kind.length + 1)
  }
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
