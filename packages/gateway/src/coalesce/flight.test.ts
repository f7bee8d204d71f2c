import { assert, asyncProperty, constantFrom, property, array, nat, record, string } from 'fast-check'
import { expect, test } from 'vitest'

import { Flight, type Landing } from './flight.ts'

const step = record({
  kind: constantFrom(...(['board', 'leave', 'tell', 'reset'] as const)),
  who: nat(5),
  text: string({ minLength: 1, maxLength: 3 }),
})

interface Traveller {
  readonly leaving: AbortController
  readonly canReset: boolean
  text: string
  landing: Landing<string> | undefined
}

test('whoever comes and goes: whoever lands has the whole text, and the call ends with the last one', async () => {
  await assert(
    asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
      const flight = new Flight<string>()
      const aboard = new Map<number, Traveller>()
      const everybody: Traveller[] = []
      let text = ''
      let hasBoarded = false
      const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
      for (const { kind, who, text: piece } of steps) {
        if (flight.isClosed) break
        const there = aboard.get(who)
        if (kind === 'board' && !there) {
          const one: Traveller = {
            leaving: new AbortController(),
            canReset: who % 2 === 0,
            text: '',
            landing: undefined,
          }
          hasBoarded = true
          aboard.set(who, one)
          everybody.push(one)
          const onText = (delta: string): void => void (one.text += delta)
          const onReset = one.canReset ? (): void => void (one.text = '') : undefined
          void flight.board({ onText, onReset }, one.leaving.signal).then((landing) => (one.landing = landing))
        } else if (kind === 'leave' && there) {
          there.leaving.abort()
          aboard.delete(who)
        } else if (kind === 'tell') {
          flight.tell(piece)
          text += piece
        } else if (kind === 'reset') {
          flight.reset()
          for (const [number, one] of aboard) if (!one.canReset && text !== '') aboard.delete(number)
          text = ''
        }
        // F2.
        expect(flight.signal.aborted).toBe(hasBoarded ? aboard.size === 0 : flight.signal.aborted)
      }
      if (!flight.isClosed) flight.arrive('done', text)
      await settle()
      // F1 and F3.
      expect(everybody.every(({ landing }) => landing !== undefined)).toBe(true)
      for (const { landing, text: told } of everybody) if (landing?.kind === 'answered') expect(told).toBe(text)
      expect(everybody.filter(({ landing }) => landing?.kind === 'answered')).toHaveLength(aboard.size)
    }),
    { numRuns: 300 },
  )
})

test('a text that came in one piece at the end is told as well', () => {
  assert(
    property(string(), (text) => {
      const flight = new Flight<string>()
      let told = ''
      void flight.board({ onText: (delta) => (told += delta), onReset: undefined }, new AbortController().signal)
      flight.arrive('done', text)
      expect(told).toBe(text)
      expect(flight.isClosed).toBe(true)
    }),
  )
})
