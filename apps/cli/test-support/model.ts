import {
  createSimulator,
  messageText,
  type Simulator,
  type SimulatorAnswer,
  type SimulatorRequest,
} from '@meepo/simulator'

/** A model that does what the first word of the conversation says; `override` may answer in its place. */
export interface TestModel {
  readonly simulator: Simulator
  readonly url: string
  override: ((request: SimulatorRequest) => SimulatorAnswer | undefined) | undefined
}

/**
 * `find WORD`: looks it up, then answers. `pay NAME`: looks up, pays, then answers. `refund NAME`: asks for approval.
 * `loop`: looks up for ever. Everything else is answered at once.
 */
export async function openModel(): Promise<TestModel> {
  const model: { override: TestModel['override'] } = { override: undefined }
  const simulator = await createSimulator({ script: (request) => model.override?.(request) ?? answer(request) })
  return Object.assign(model, { simulator, url: `${simulator.url}/v1` })
}

function answer({ messages }: SimulatorRequest): SimulatorAnswer {
  const said = messages.filter(({ role }) => role === 'user').map(messageText)[0] ?? ''
  const [verb, rest = 'nothing'] = said.split(' ')
  const results = messages.filter(({ role }) => role === 'tool').map(messageText)
  const call = (name: string, args: object): SimulatorAnswer => ({ toolCalls: [{ name, arguments: args }] })
  const plans: Record<string, SimulatorAnswer[]> = {
    find: [call('look_up', { word: rest })],
    pay: [call('look_up', { word: rest }), call('pay', { to: rest })],
    refund: [call('refund', { to: rest })],
  }
  if (verb === 'loop') return call('look_up', { word: 'again' })
  return plans[verb ?? '']?.[results.length] ?? { text: `Answer: ${results.at(-1) ?? said}.` }
}
