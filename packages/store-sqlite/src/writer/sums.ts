import type { TenantId } from '@meepo/core'
import { addSums, everything, noSums, type Charge, type CostSums } from '@meepo/core/store-rules'
import { integer, row, text } from '../row.ts'
import type { Statements } from './statements.ts'

const maxKnown = 50_000
const picoPerDollar = 1_000_000_000_000n

/** The scopes of a line, by their ids. */
interface KnownScopes {
  /** As the line names them, as JSON. */
  readonly json: string
  /** Where the line counts: each once, and the tenant itself. */
  readonly counted: readonly number[]
}

interface Pending {
  readonly scope: number
  readonly day: string
  readonly model: number
  readonly sums: CostSums
}

/**
 * The roll-ups of the writer: lines of one transaction are added up in memory and written as one row per scope, day and
 * model, and one per scope for its total. Names are kept as numbers, which only grow in number, so what is known of them stays true until a rollback.
 */
export class Sums {
  readonly #run: Statements
  readonly #scopes = new Map<string, number>()
  readonly #lists = new Map<string, KnownScopes>()
  readonly #models = new Map<string, number>()
  /** By day and model, then by scope. */
  readonly #pending = new Map<string, Map<number, Pending>>()

  constructor(statements: Statements) {
    this.#run = statements
  }

  /** The number that stands for a tenant. */
  tenantKey(tenant: TenantId): number {
    return this.#scope(tenant, everything)
  }

  /** The tenant that a number stands for. */
  tenantOf(key: number): TenantId {
    return text(row(this.#run.findScopeName.get(key)), 'tenant')
  }

  /** The names behind the ids in a line. */
  namesOf(json: string): readonly string[] {
    // Written by this class.
    const ids = JSON.parse(json) as readonly number[]
    return ids.map((id) => text(row(this.#run.findScopeName.get(id)), 'scope'))
  }

  /** The scopes of a line, given as JSON. */
  scopesOf(tenant: TenantId, json: string): KnownScopes {
    const name = `${tenant}\n${json}`
    const known = this.#lists.get(name)
    if (known) return known
    // JSON of our own main thread, typed there.
    const ids = (JSON.parse(json) as readonly string[]).map((scope) => this.#scope(tenant, scope))
    const scopes = { json: JSON.stringify(ids), counted: [...new Set([this.tenantKey(tenant), ...ids])] }
    this.#lists.set(name, scopes)
    return scopes
  }

  add(scopes: readonly number[], { day, model, sums }: Omit<Charge, 'scopes'>): void {
    const place = `${day} ${model}`
    let pending = this.#pending.get(place)
    if (!pending) {
      pending = new Map()
      this.#pending.set(place, pending)
    }
    const modelKey = this.#model(model)
    for (const scope of scopes) {
      const before = pending.get(scope)
      if (before) addSums(before.sums, sums)
      else {
        const first = noSums()
        addSums(first, sums)
        pending.set(scope, { scope, day, model: modelKey, sums: first })
      }
    }
  }

  /** Writes what was added, at the end of the transaction. */
  flush(): void {
    const totals = new Map<number, CostSums>()
    for (const places of this.#pending.values()) {
      for (const { scope, day, model, sums } of places.values()) {
        this.#run.addRollUp.run(scope, day, model, ...columnsOf(sums))
        const total = totals.get(scope)
        // Nobody reads what is pending any more: the first sums of a scope become its total.
        if (total) addSums(total, sums)
        else totals.set(scope, sums)
      }
    }
    for (const [scope, sums] of totals) this.#run.addTotal.run(scope, ...columnsOf(sums))
    this.#pending.clear()
  }

  /** After a rollback, which may have taken names back. */
  drop(): void {
    this.#pending.clear()
    this.#scopes.clear()
    this.#lists.clear()
    this.#models.clear()
  }

  /** Between transactions. */
  trim(): void {
    if (this.#scopes.size > maxKnown || this.#lists.size > maxKnown || this.#models.size > maxKnown) this.drop()
  }

  #scope(tenant: TenantId, scope: string): number {
    const name = `${tenant}\n${scope}`
    const known = this.#scopes.get(name)
    if (known !== undefined) return known
    const found = this.#run.findScope.get(scope, tenant)
    const id = found ? integer(found, 'id') : this.#insertScope(tenant, scope)
    this.#scopes.set(name, id)
    return id
  }

  #insertScope(tenant: TenantId, scope: string): number {
    if (scope !== everything) this.#run.shareScope.run(scope, tenant)
    return Number(this.#run.insertScope.run(scope, tenant).lastInsertRowid)
  }

  #model(model: string): number {
    const known = this.#models.get(model)
    if (known !== undefined) return known
    const found = this.#run.findModel.get(model)
    const id = found ? integer(found, 'id') : Number(this.#run.insertModel.run(model).lastInsertRowid)
    this.#models.set(model, id)
    return id
  }
}

/** In the order of the statements. */
function columnsOf(sums: CostSums): readonly number[] {
  return [
    ...split(sums.picoDollars),
    ...split(sums.savedPicoDollars),
    sums.calls,
    sums.unpricedCalls,
    sums.unknownCalls,
    sums.inputTokens,
    sums.cacheReadTokens,
    sums.cacheWriteTokens,
    sums.outputTokens,
    sums.reasoningTokens,
  ]
}

/** Whole dollars, rounded down, and the rest, which is never negative. Both are exact as numbers. */
function split(pico: bigint): readonly [dollars: number, rest: number] {
  let dollars = pico / picoPerDollar
  let rest = pico % picoPerDollar
  if (rest < 0n) {
    dollars -= 1n
    rest += picoPerDollar
  }
  return [Number(dollars), Number(rest)]
}
