/** Does the work `count` times, all at once. */
export async function allAtOnce(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work))
}

/** Does the work `count` times, `concurrency` at a time. */
export async function atATime(concurrency: number, count: number, work: () => Promise<void>): Promise<void> {
  let left = count
  await allAtOnce(concurrency, async () => {
    while (left-- > 0) await work()
  })
}
