import { expect, test } from 'vitest'
import { runDirect } from '../testing/direct-context.ts'
import { createToolShed, playParts, sumPlan } from '../../test/planner-world.ts'
import { definePlanner } from './planner.ts'

test('a plan is made of the catalogue, carried out in the order of its references, and its goal judged', async () => {
  const shed = createToolShed()
  const { model, asked } = playParts({ plan: [sumPlan] })
  const planner = definePlanner({ name: 'p', model, tools: shed.tools })
  const outcome = await runDirect(planner, { goal: 'four' })
  expect(outcome).toMatchObject({ answer: 'sent 7', replans: 0, reason: 'it is' })
  expect(shed.calls).toEqual([
    ['find', { text: 'four' }],
    ['add', { numbers: [1, 2, 4] }],
    ['send', { number: 7 }],
  ])
  expect(asked.map(({ part }) => part)).toEqual(['plan', 'goal'])
})
