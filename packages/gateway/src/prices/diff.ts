import type { PriceBook, PriceCard } from '@meepo/core'

/** One difference between two books. */
export interface PriceChange {
  readonly kind: 'added' | 'removed' | 'changed'
  /** `openai/gpt-6-sol` */
  readonly card: string
  /** Of a changed card: where in it, as `periods.0.rates.in.text`. */
  readonly path?: string
  readonly before?: string
  readonly after?: string
}

/** What changes from one book to the other, card by card; what is only told about them (versions, dates) is left out. */
export function diffBooks(before: PriceBook, after: PriceBook): readonly PriceChange[] {
  const [old, now] = [byName(before), byName(after)]
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted()
  return names.flatMap((card): readonly PriceChange[] => {
    const [one, other] = [old.get(card), now.get(card)]
    if (!one) return [{ kind: 'added', card }]
    if (!other) return [{ kind: 'removed', card }]
    return changes(card, leaves(one), leaves(other))
  })
}

/** One line for a person: rates as dollars per million tokens. */
export function formatChange({ kind, card, path, before, after }: PriceChange): string {
  if (kind === 'added') return `+ ${card}`
  if (kind === 'removed') return `- ${card}`
  return `~ ${card}  ${path}: ${readable(path, before)} -> ${readable(path, after)}`
}

function byName({ cards }: PriceBook): ReadonlyMap<string, PriceCard> {
  return new Map(cards.map((card) => [`${card.provider}/${card.model}`, card]))
}

function leaves({ version: _version, lastVerified: _verified, ...told }: PriceCard): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) found.set(path, String(value))
    else for (const [name, inner] of Object.entries(value)) visit(inner, path === '' ? name : `${path}.${name}`)
  }
  visit({ ...told, aliases: told.aliases.join(' '), can: told.can?.join(' ') ?? '' }, '')
  return found
}

function changes(
  card: string,
  old: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): readonly PriceChange[] {
  const paths = [...new Set([...old.keys(), ...now.keys()])]
  return paths.flatMap((path): readonly PriceChange[] => {
    const [before, after] = [old.get(path), now.get(path)]
    if (before === after) return []
    return [
      {
        kind: 'changed',
        card,
        path,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      },
    ]
  })
}

function readable(path: string | undefined, value: string | undefined): string {
  if (value === undefined) return 'nothing'
  return path !== undefined && /\.rates\./.test(path) ? `$${Number(value) / 1e6}/M` : value
}
