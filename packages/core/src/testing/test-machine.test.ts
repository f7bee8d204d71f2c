import { expect, test } from 'vitest'
import { createFaultPoints } from './fault-points.ts'
import { createTestMachine, fakeRandom, testHash } from './test-machine.ts'

test('the same seed gives the same chance, another seed another', () => {
  const draw = (seed: string): readonly unknown[] => {
    const random = fakeRandom(seed)
    return [random.id(), random.next(), random.id()]
  }
  expect(draw('a')).toEqual(draw('a'))
  expect(draw('a')).not.toEqual(draw('b'))
  expect(fakeRandom('a').id()).toMatch(/^[0-9a-f]{32}$/)
  expect(fakeRandom('a').next()).toBeLessThan(1)
})

test('the hash of tests has the form of a real one and tells texts apart', () => {
  const digests = Array.from({ length: 5000 }, (_, index) => testHash(`text ${index}`))
  expect(new Set(digests).size).toBe(5000)
  for (const digest of digests.slice(0, 50)) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  // Ids take the beginning of a digest: it must tell texts apart too.
  expect(new Set(digests.map((digest) => digest.slice(0, 24))).size).toBe(5000)
  expect(testHash('')).toBe(testHash(''))
})

test('a test machine starts where it is told to', () => {
  const machine = createTestMachine({ startAt: 5, seed: 'a', hash: () => 'hash' })
  expect([machine.scheduler.now(), machine.hash('x')]).toEqual([5, 'hash'])
  expect(machine.random.id()).toBe(fakeRandom('a').id())
  const plain = createTestMachine()
  expect([plain.scheduler.now(), plain.hash('x')]).toEqual([0, testHash('x')])
})

test('an armed fault point acts once, after the hits that it skips', async () => {
  const points = createFaultPoints()
  void points.hit('commit.before')
  const seen: string[] = []
  points.arm('commit.before', () => void seen.push('fault'), 2)
  for (let hit = 0; hit < 5; hit++) {
    void points.hit('commit.before')
    seen.push(`hit ${hit}`)
  }
  expect(seen).toEqual(['hit 0', 'hit 1', 'fault', 'hit 2', 'hit 3', 'hit 4'])
  expect([...points.counts]).toEqual([['commit.before', 6]])
  points.arm('other', () => Promise.reject(new Error('planned')))
  await expect(points.hit('other')).rejects.toThrow('planned')
  expect(points.hit('other')).toBeUndefined()
})
