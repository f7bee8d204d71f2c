/** `812 ms`, `4.2 s`, `3 m 05 s`, `2 h 10 m`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(seconds / 3_600)} h ${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')} m`
}

/** `1 token`, `12,345 tokens`. */
export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** A word as a shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Control characters of a text from outside would move the cursor or colour the screen: they become spaces. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** Pico-dollars as people read them: cents, or three digits of less than one. */
export function formatCost(pico: bigint): string {
  const dollars = Number(pico) / 1e12
  if (dollars === 0 || Math.abs(dollars) >= 1) return `$${dollars.toFixed(2)}`
  return Math.abs(dollars) >= 0.000_001 ? `$${Number(dollars.toPrecision(3))}` : `$${dollars.toExponential(1)}`
}

/** What a run and everything below it spent, has set aside, and may still spend. */
export interface Spending {
  readonly settled: string
  readonly reserved: string
  readonly limit?: string
}

/** `$0.42 spent · $0.10 reserved · $0.48 left`; nothing while nothing was spent and nothing is limited. */
export function formatSpending({ settled, reserved, limit }: Spending): string[] {
  const [spent, aside] = [BigInt(settled), BigInt(reserved)]
  if (spent === 0n && aside === 0n) return []
  const parts = [`${formatCost(spent)} spent`]
  if (aside > 0n) parts.push(`${formatCost(aside)} reserved`)
  if (limit !== undefined) {
    const left = BigInt(limit) - spent - aside
    parts.push(`${formatCost(left > 0n ? left : 0n)} left`)
  }
  return parts
}
