import { expect, test } from 'vitest'
import { Follower, type Page, type Source } from './follower.ts'

/** A source whose pages come when the test gives them. */
function planted(): Source<number> & { give(page: Page<number>): void; fail(error: Error): void; closed: number } {
  const waiting: { resolve: (page: Page<number>) => void; reject: (error: Error) => void }[] = []
  return {
    closed: 0,
    read: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    close() {
      this.closed++
    },
    give: (page) => waiting.shift()?.resolve(page),
    fail: (error) => waiting.shift()?.reject(error),
  }
}

test('items come in order, page by page, until the source is over', async () => {
  const source = planted()
  const follower = new Follower(source, undefined)
  const nexts = [follower.next(), follower.next(), follower.next()]
  source.give({ items: [1], isBehind: true, isOver: false })
  expect(await nexts[0]).toEqual({ done: false, value: 1 })
  source.give({ items: [2], isBehind: false, isOver: true })
  expect(await nexts[1]).toEqual({ done: false, value: 2 })
  expect(await nexts[2]).toEqual({ done: true, value: undefined })
  expect(source.closed).toBe(1)
})

test('a wake while a page is read makes it read once more', async () => {
  const source = planted()
  const follower = new Follower(source, undefined)
  const next = follower.next()
  follower.wake()
  source.give({ items: [], isBehind: false, isOver: true })
  // The first page is taken in the turns of microtasks that follow.
  await new Promise((resolve) => setImmediate(resolve))
  source.give({ items: [3], isBehind: false, isOver: false })
  expect(await next).toEqual({ done: false, value: 3 })
  await follower.return()
})

test('who waits when reading fails is told, and the rest ends', async () => {
  const source = planted()
  const follower = new Follower(source, undefined)
  const nexts = [follower.next(), follower.next()]
  source.fail(new Error('planted'))
  await expect(nexts[0]).rejects.toThrow('planted')
  expect(await nexts[1]).toEqual({ done: true, value: undefined })
})

test('an aborted signal ends it, also before it began, and leaving it ends who waits', async () => {
  const source = planted()
  const follower = new Follower(source, AbortSignal.abort())
  expect(await follower.next()).toEqual({ done: true, value: undefined })
  const other = new Follower(planted(), undefined)
  const next = other.next()
  await other.return()
  expect(await next).toEqual({ done: true, value: undefined })
  expect(source.closed).toBe(1)
})
