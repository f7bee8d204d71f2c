import { parsePico, type CallAccount, type CallEntry, type CallGrant, type CallIntent } from '@meepo/core'

/** A line of the books. */
export interface TabLine {
  readonly id: string
  readonly entry: CallEntry
}

/** What all sends of a call cost together. */
export interface TabCost {
  /** Pico-dollars as text. Calls without a known price are not in it. */
  readonly picoDollars: string
  /** What cache, sharing or batch saved. */
  readonly savedPicoDollars: string
  /** Sends without a price. */
  readonly unpricedCalls: number
  /** Sends whose cost is not the provider's word: it was estimated, or all that was set aside. */
  readonly uncertainCalls: number
}

/** Passes on to whoever pays and keeps a copy of the lines, so that a result can say what it cost. */
export class Tab implements CallAccount {
  readonly tenant: string
  readonly #account: CallAccount | undefined
  readonly #lines: TabLine[] = []

  /** Without an account nobody pays, and every call is granted. */
  constructor(account: CallAccount | undefined, tenant: string) {
    this.#account = account
    this.tenant = account?.tenant ?? tenant
  }

  get scopes(): readonly string[] {
    return this.#account?.scopes ?? []
  }

  /** So far. */
  get lines(): readonly TabLine[] {
    return [...this.#lines]
  }

  open(intent: CallIntent): Promise<CallGrant> {
    return this.#account?.open(intent) ?? Promise.resolve({ kind: 'granted', picoDollars: intent.picoDollars })
  }

  settle(callId: string, entry: CallEntry): void {
    this.#lines.push({ id: callId, entry })
    this.#account?.settle(callId, entry)
  }

  waiting(what?: string): void {
    this.#account?.waiting(what)
  }

  /** So far. */
  cost(): TabCost {
    return costOf(this.#lines)
  }
}

/** Adds lines up. */
function costOf(lines: readonly TabLine[]): TabCost {
  let [spent, saved, unpricedCalls, uncertainCalls] = [0n, 0n, 0, 0]
  for (const { cost } of lines.map(({ entry }) => entry)) {
    if (cost.picoDollars === null) unpricedCalls += 1
    else spent += parsePico(cost.picoDollars)
    saved += parsePico(cost.savedPicoDollars ?? '0')
    if (cost.status === 'estimated' || cost.status === 'unknown') uncertainCalls += 1
  }
  return { picoDollars: String(spent), savedPicoDollars: String(saved), unpricedCalls, uncertainCalls }
}
