import type { Chance } from './chance.ts'

/** What a provider does with one request. */
export type Treatment =
  | { readonly kind: 'answer' }
  /** Refused at once, by a limit or an error of its own. Nothing is billed. */
  | { readonly kind: 'refuse'; readonly status: 429 | 500 | 503 | 529 }
  /** No connection. The request never arrives. */
  | { readonly kind: 'unreachable' }
  /** Nothing comes back, ever. The answer may have been made all the same. */
  | { readonly kind: 'hang'; readonly isBilled: boolean }
  /** The connection ends before the answer begins. */
  | { readonly kind: 'reset'; readonly isBilled: boolean }
  /** The connection ends in the middle of the answer. */
  | { readonly kind: 'cut' }

/** How ill the provider is now. */
export interface Illness {
  /** Every request is refused with 429. */
  isStorm: boolean
  /** One request in so many goes wrong, in one of these ways. */
  share: number
  kinds: readonly Exclude<Treatment['kind'], 'answer'>[]
  /** How much longer answers take. */
  slowness: number
}

export function treat(illness: Illness, chance: Chance): Treatment {
  if (illness.isStorm) return { kind: 'refuse', status: 429 }
  const [first, ...others] = illness.kinds
  if (first === undefined || !chance.happens(illness.share)) return { kind: 'answer' }
  const kind = chance.pick([first, ...others])
  switch (kind) {
    case 'refuse':
      return { kind, status: chance.pick([429, 500, 503, 529]) }
    case 'hang':
    case 'reset':
      return { kind, isBilled: chance.happens(0.5) }
    case 'unreachable':
    case 'cut':
      return { kind }
  }
}
