import { checkEqual } from './check.ts'
import type { StoreCase } from './store-case.ts'

/** What processes tell each other about providers. */
export const healthCases: readonly StoreCase[] = [
  {
    name: 'health: of two that saw the same row one is written, and the other is told which',
    run: async ({ open }) => {
      const { health } = await open()
      checkEqual(await health.read(), [], 'a new board')
      const first = await health.write({ key: 'p/a/m', revision: 0, state: { openUntil: 5 } })
      checkEqual(first, { isWritten: true, row: { key: 'p/a/m', revision: 1, state: { openUntil: 5 } } }, 'the first')
      const late = await health.write({ key: 'p/a/m', revision: 0, state: { openUntil: 9 } })
      checkEqual(late, { isWritten: false, row: first.row }, 'who came late')
      const next = await health.write({ key: 'p/a/m', revision: 1, state: { openUntil: 0 } })
      checkEqual(await health.read(), [next.row], 'the board')
    },
  },
  {
    name: 'health: one process reads and replaces what another wrote',
    needs: 'processes',
    run: async ({ open, openAgain }) => {
      const [one, other] = [(await open()).health, (await openAgain()).health]
      const { row } = await one.write({ key: 'p/a', revision: 0, state: { why: 'model.unauthorized' } })
      checkEqual(await other.read(), [row], 'what the other reads')
      const answer = await other.write({ ...row, state: {} })
      checkEqual(answer.isWritten, true, 'the write of the other')
      checkEqual(await one.read(), [answer.row], 'what the first reads')
    },
  },
]
