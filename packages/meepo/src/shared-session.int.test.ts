import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openStage, talker, until, type Stage } from '../test-support/stage.ts'
import { lastSaid, said, wireProblems } from '../test-support/wire-history.ts'
import type { BusyPolicy, Reply } from './index.ts'

/** Another process with messages for the session `shared`. */
interface Sender {
  send(): void
  replies(): Promise<readonly Reply<string>[]>
  kill(): void
}

async function startSender(stage: Stage, name: string, count: number, policy: BusyPolicy): Promise<Sender> {
  const fixture = fileURLToPath(new URL('../test-support/senders.fixture.ts', import.meta.url))
  const args = ['--conditions=meepo-source', fixture, stage.file, stage.simulator.url, name, String(count), policy]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const kill = (): void => void child.kill('SIGKILL')
  onTestFinished(kill)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  expect(await line()).toBe('ready')
  return {
    send: () => void child.stdin.write('go\n'),
    // Written by the fixture.
    replies: async () => JSON.parse(await line()) as readonly Reply<string>[],
    kill,
  }
}

/** A provider that keeps what it was asked, and answers after a moment. */
async function openListener(ms: number) {
  const asked: (readonly string[])[] = []
  const problems: string[] = []
  const stage = await openStage({
    script: async ({ messages }) => {
      problems.push(...wireProblems(messages))
      asked.push(said(messages))
      await new Promise((resolve) => setTimeout(resolve, ms))
      return { text: `echo ${lastSaid(messages)}`, usage: { inputTokens: 10, outputTokens: 10 } }
    },
  })
  return { stage, asked, problems }
}

const short = { beatMs: 100, missedBeats: 10, idleMs: 0 }

test.each<BusyPolicy>(['queue', 'steer'])(
  'two processes that send to one session at once lose nothing and mix nothing: %s',
  async (policy) => {
    const { stage, asked, problems } = await openListener(5)
    const senders = [await startSender(stage, 'p', 12, policy), await startSender(stage, 'q', 12, policy)]
    for (const sender of senders) sender.send()
    const replies = (await Promise.all(senders.map((sender) => sender.replies()))).flat()
    expect(replies.every(({ success }) => success)).toBe(true)
    expect(replies.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 24 }, (_, index) => index + 1),
    )
    // There is one conversation, and every request is a beginning of it.
    const whole = asked.reduce((longest, lines) => (lines.length > longest.length ? lines : longest))
    for (const lines of asked) expect(whole.slice(0, lines.length)).toEqual(lines)
    const people = whole.filter((line) => line.startsWith('user: '))
    expect(people).toHaveLength(24)
    expect(new Set(people).size).toBe(24)
    expect(problems).toEqual([])
    const meepo = await stage.open(short)
    const history = await meepo.session(talker(), { sessionId: 'shared' }).history()
    expect(history.map(({ status }) => status)).toEqual(Array.from({ length: 24 }, () => 'answered'))
  },
)

test('the process that answers is killed: another one goes on, with every message that was sent', async () => {
  const { stage, asked, problems } = await openListener(40)
  const killed = await startSender(stage, 'p', 6, 'queue')
  killed.send()
  const meepo = await stage.open(short)
  const session = meepo.session(talker(), { sessionId: 'shared' })
  await until(() => asked.length >= 2)
  killed.kill()
  const reply = await session.send('afterwards')
  expect(reply).toMatchObject({ success: true })
  const history = await session.history()
  expect(history.map(({ status }) => status)).toEqual(history.map(() => 'answered'))
  const people = asked.at(-1)?.filter((line) => line.startsWith('user: ')) ?? []
  // The call that was cut off was made again: the same message, and not a second one.
  expect(new Set(people).size).toBe(people.length)
  expect(people).toEqual(history.map(({ text }) => `user: ${text}`))
  expect(problems).toEqual([])
})
