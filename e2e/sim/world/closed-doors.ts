/*
 * While a simulation runs, nothing may ask this machine for the time, for chance or for a timer: what it got would differ
 * from one run to the next. Our own packages have ports for all of that, and are caught when they go past them; libraries
 * get virtual time and seeded chance.
 */

/** What libraries get in place of the machine. */
export interface Substitute {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Running milliseconds. */
  readonly elapsed: () => number
  readonly random: () => number
}

/** Files of the product: anything in a build folder of a package. */
const own = /packages\/[\w-]+\/(?:dist|src)\//

/** Closes all doors until the returned function is called. `leaks` collects who tried one. */
export function closeDoors({ now, elapsed, random }: Substitute, leaks: string[]): () => void {
  const before = {
    dateNow: Date.now,
    random: Math.random,
    performanceNow: performance.now.bind(performance),
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
  }
  const watched = <T>(name: string, answer: () => T): (() => T) => {
    return () => {
      const place = new Error(name).stack?.split('\n').find((line) => own.test(line))
      if (place !== undefined) leaks.push(`${name} ${place.trim()}`)
      return answer()
    }
  }
  const closed = (name: string) => (): never => {
    leaks.push(`${name} ${new Error(name).stack?.split('\n').slice(2, 4).join(' ') ?? ''}`)
    throw new Error(`${name} during a simulation`)
  }
  Date.now = watched('Date.now', now)
  Math.random = watched('Math.random', random)
  performance.now = watched('performance.now', elapsed)
  // What is thrown has no result that could be of a wrong type.
  globalThis.setTimeout = closed('setTimeout') as unknown as typeof globalThis.setTimeout
  globalThis.setInterval = closed('setInterval') as unknown as typeof globalThis.setInterval
  return () => {
    Date.now = before.dateNow
    Math.random = before.random
    performance.now = before.performanceNow
    globalThis.setTimeout = before.setTimeout
    globalThis.setInterval = before.setInterval
  }
}
