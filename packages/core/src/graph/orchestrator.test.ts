import { expect, expectTypeOf, test } from 'vitest'
import { SmallEngine } from '../../test/small-engine.ts'
import { createScriptedModel } from '../testing/scripted-model.ts'
import type { Graph } from './graph.ts'
import { createOrchestrator } from './orchestrator.ts'

/** Answers with who was asked what. */
function parrot() {
  return createScriptedModel(({ messages }) => {
    const [system, user] = messages.map((message) => ('text' in message ? String(message.text) : ''))
    return `${system?.split(' ')[0]}(${user})`
  })
}

test('agents by their instructions, and graphs of who does what after whom', async () => {
  const team = createOrchestrator({
    model: parrot(),
    maxParallel: 2,
    agents: { writer: 'Write', critic: { instructions: 'Judge', maxTurns: 3 } },
  })
  expect([team.agents.writer.name, team.agents.critic.maxTurns]).toEqual(['writer', 3])
  const post = team.graph('post', {
    draft: 'writer',
    review: { agent: 'critic', needs: ['draft'] },
    title: { agent: 'writer', needs: ['draft'], ask: 'A title for this:' },
    verdict: { agent: 'critic', needs: ['review'], ask: ({ review }, input) => `${input}? ${review}` },
  })
  expectTypeOf(post).toEqualTypeOf<Graph<string, Readonly<Record<'draft' | 'review' | 'title' | 'verdict', string>>>>()
  expect(post.graph.maxParallel).toBe(2)
  const { result } = await SmallEngine.start(post as Graph<unknown, unknown>, 'boats').result()
  expect(result).toEqual({
    draft: 'Write(boats)',
    review: 'Judge(boats\n\n## draft\n\nWrite(boats))',
    title: 'Write(A title for this:\n\n## draft\n\nWrite(boats))',
    verdict: 'Judge(boats? Judge(boats\n\n## draft\n\nWrite(boats)))',
  })
})

test('an agent that is not there is refused', () => {
  const team = createOrchestrator({ model: parrot(), agents: { writer: 'Write', critic: 'Judge' } })
  expect(() => team.graph('post', { draft: 'painter' as 'writer' })).toThrow(
    'graph post: task draft is for "painter"; the agents are: writer, critic',
  )
  expect(team.graph('post', { draft: 'writer' }).graph.maxParallel).toBe(100)
})
