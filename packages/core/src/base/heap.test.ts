import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHeap, type HeapItem } from './heap.ts'

interface Item extends HeapItem {
  readonly key: number
}

test('whatever is pushed, removed from the middle and popped, the first item is on top', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), key: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ kind: fc.constant('remove' as const), key: fc.nat(50) }),
    fc.record({ kind: fc.constant('pop' as const), key: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = createHeap<Item>((a, b) => a.key < b.key)
      const model: Item[] = []
      for (const { kind, key } of steps) {
        if (kind === 'push') {
          const item = { key, heapIndex: -1 }
          heap.push(item)
          model.push(item)
        } else {
          const item = kind === 'pop' ? heap.top() : model[key % Math.max(1, model.length)]
          if (item !== undefined) {
            heap.remove(item)
            model.splice(model.indexOf(item), 1)
            expect(item.heapIndex).toBe(-1)
          }
        }
        const least = model.length === 0 ? undefined : Math.min(...model.map((item) => item.key))
        expect(heap.top()?.key).toBe(least)
      }
    }),
  )
})

test('removing what lies in no heap changes nothing', () => {
  const heap = createHeap<Item>((a, b) => a.key < b.key)
  const inside = { key: 1, heapIndex: -1 }
  heap.push(inside)
  heap.remove({ key: 2, heapIndex: -1 })
  heap.remove({ key: 2, heapIndex: 0 })
  expect(heap.top()).toBe(inside)
})
