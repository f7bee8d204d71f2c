/** Splits a whole amount by weights so that the shares add up to it exactly; without weights, evenly. */
export function shares(amount: bigint, weights: readonly number[]): bigint[] {
  const clean = weights.map((weight) => BigInt(Math.max(0, Math.round(weight))))
  const all = clean.reduce((sum, weight) => sum + weight, 0n)
  const used = all === 0n ? clean.map(() => 1n) : clean
  const total = all === 0n ? BigInt(clean.length) : all
  let [weight, given] = [0n, 0n]
  return used.map((own) => {
    // Rounded on the running sum, so that nothing is lost and nobody is a unit away from fair.
    weight += own
    const until = (amount * weight) / total
    const share = until - given
    given = until
    return share
  })
}
