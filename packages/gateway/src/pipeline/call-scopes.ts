import type { CallAccount, LimitedCall } from '@meepo/core'

import type { Target } from '../target.ts'

const people = ['user', 'session', 'agent'] as const

/** Whom a call belongs to, as `kind:value`. The last one of a kind is the nearest. */
export function scopeValue(account: CallAccount, kind: (typeof people)[number]): string | undefined {
  const found = account.scopes.findLast((scope) => scope.startsWith(`${kind}:`))
  return found?.slice(kind.length + 1)
}

/** Who and what a call is for, as limits count it. */
export function limitScopes(account: CallAccount, target: Target): LimitedCall['scopes'] {
  const scopes: { -readonly [K in keyof LimitedCall['scopes']]: LimitedCall['scopes'][K] } = {
    tenant: account.tenant,
    provider: target.provider,
    key: `${target.provider}/${target.key}`,
    model: target.id,
  }
  for (const kind of people) {
    const value = scopeValue(account, kind)
    if (value !== undefined) scopes[kind] = value
  }
  return scopes
}
