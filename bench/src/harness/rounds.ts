// Rounds of measurements: subjects take turns, so that a machine that slows down slows all of them, and the median of
// the rounds counts. The first rounds only warm up.

/** What one round cost. */
export interface Cost {
  readonly wallMs: number
  /** All threads of this process. */
  readonly cpuMs: number
}

/** Does the work once and tells what it cost. */
export async function timed(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const wallMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs, cpuMs: (user + system) / 1_000 }
}

/** The middle of the values; the mean of the two in the middle when their count is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the given part of the values lies, interpolated. */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new Error('a quantile needs at least one value')
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * part
  const low = Math.floor(place)
  // Both places are inside the list, which is not empty.
  return sorted[low]! + (sorted[Math.ceil(place)]! - sorted[low]!) * (place - low)
}

/** Measures each subject once per round, in turns, and gives the median of all rounds but the first `warmUp`. */
export async function alternate<K extends string, T extends Readonly<Record<string, number>>>(
  options: { readonly rounds: number; readonly warmUp: number },
  subjects: Readonly<Record<K, () => Promise<T>>>,
): Promise<Record<K, T>> {
  // The keys of the argument are K.
  const names = Object.keys(subjects) as K[]
  const seen = new Map<K, T[]>(names.map((name) => [name, []]))
  for (let round = 0; round < options.warmUp + options.rounds; round++) {
    for (const name of names) {
      const measured = await subjects[name]()
      if (round >= options.warmUp) seen.get(name)?.push(measured)
    }
  }
  // Every name has its list, and each median has the fields of what was measured.
  return Object.fromEntries(names.map((name) => [name, medians(seen.get(name) ?? [])])) as Record<K, T>
}

function medians<T extends Readonly<Record<string, number>>>(measured: readonly T[]): T {
  const fields = Object.keys(measured[0] ?? {})
  // Each measurement has the same fields, all of them numbers.
  return Object.fromEntries(fields.map((field) => [field, median(measured.map((one) => one[field]!))])) as T
}
