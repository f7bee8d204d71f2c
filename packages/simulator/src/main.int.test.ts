import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { startFromArguments } from './command.ts'
import { readJournalFile } from './index.ts'

const main = join(import.meta.dirname, 'main.ts')
const hello = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] })
let folder = ''
let script = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-main-'))
  script = join(folder, 'script.ts')
  writeFileSync(
    script,
    'export const script = ({ messages }: { messages: object[] }) => ({ text: `${messages.length}` })',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(...args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--conditions=meepo-source', main, ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function urlOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer] // a stream without encoding emits buffers
  return (JSON.parse(line.toString()) as { url: string }).url
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: hello,
    headers: { authorization: 'Bearer k' },
  })
  return answer.json()
}

test('a process prints its url, answers from the script and keeps its journal', async () => {
  const journal = join(folder, 'journal.jsonl')
  const child = run('--script', script, '--journal', journal, '--latency', 'headersMs=1,jitterMs=1', '--seed', '3')
  expect(await ask(await urlOf(child))).toMatchObject({ choices: [{ message: { content: '1' } }] })
  expect(readJournalFile(journal)).toMatchObject([{ number: 1, billed: true }])
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('it ends when the pipe on its stdin closes', async () => {
  const child = run('--script', script)
  await urlOf(child)
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a killed simulator leaves open requests in its journal as started', async () => {
  const journal = join(folder, 'killed.jsonl')
  const child = run('--script', script, '--journal', journal, '--latency', 'headersMs=30000')
  const outcome = ask(await urlOf(child)).then(() => 'answered', String)
  await expect.poll(() => readJournalFile(journal).length).toBe(1)
  child.kill('SIGKILL')
  expect(await outcome).toContain('fetch failed')
  expect(readJournalFile(journal)[0]).not.toHaveProperty('endedAt')
})

test('help is printed and is no failure', async () => {
  const child = run('--help')
  const [text] = (await once(child.stdout, 'data')) as [Buffer] // a stream without encoding emits buffers
  expect(text.toString()).toContain('usage:')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a failure is one line with its code, and the exit code tells wrong arguments from the rest', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo // a TCP server has one
  const failures = [
    { args: ['--volume', '11'], starts: 'simulator.bad_option: Unknown option', exit: 2 },
    { args: ['--options', 'none.json'], starts: 'simulator.script_unreadable: cannot read', exit: 1 },
    { args: ['--script', 'none.ts'], starts: 'simulator.script_unreadable: cannot load', exit: 1 },
    { args: ['--script', script, '--port', String(port)], starts: 'simulator.port_in_use: port', exit: 1 },
  ]
  for (const { args, starts, exit } of failures) {
    const child = run(...args)
    const [[text], [code]] = await Promise.all([once(child.stderr, 'data'), once(child, 'exit')])
    expect(String(text).startsWith(starts)).toBe(true)
    expect(code).toBe(exit)
  }
})

test('every argument reaches the simulator', async () => {
  const asDefault = join(folder, 'default.ts')
  writeFileSync(asDefault, "export default () => ({ text: 'abcdefgh' })")
  const args = '--port 0 --host 127.0.0.1 --seed 5 --chunk-size 3 --journal-limit 1 --api-key k --api-key l --model m'
  const simulator = await startFromArguments(['--script', asDefault, ...args.split(' ')])
  onTestFinished(() => simulator?.close())
  const url = simulator?.url ?? ''
  expect(await ask(url)).toMatchObject({ id: 'chatcmpl-5-1', choices: [{ message: { content: 'abcdefgh' } }] })
  await ask(url)
  expect(simulator?.journal.entries()).toMatchObject([{ number: 2 }])
})

test('options and rules may be data in files', async () => {
  const options = join(folder, 'options.json')
  const rules = join(folder, 'rules.json')
  const prices = [{ model: '*', rates: { input: '1000000', output: 4_000_000 } }]
  writeFileSync(options, JSON.stringify({ prices, apiKeys: [{ key: 'k', name: 'mine' }], chunkSize: 7 }))
  writeFileSync(rules, JSON.stringify([{ steps: [{ text: 'abcd' }] }]))
  const simulator = await startFromArguments(['--options', options, '--script', rules])
  onTestFinished(() => simulator?.close())
  expect(await ask(simulator?.url ?? '')).toMatchObject({ choices: [{ message: { content: 'abcd' } }] })
  expect(simulator?.journal.entries()).toMatchObject([{ key: 'mine', amountPico: '6000000' }])
  writeFileSync(rules, '{}')
  await expect(startFromArguments(['--script', rules])).rejects.toMatchObject({ code: 'simulator.bad_option' })
  writeFileSync(options, '7')
  await expect(startFromArguments(['--options', options])).rejects.toMatchObject({ code: 'simulator.bad_option' })
})

test('a module without a script is refused', async () => {
  const empty = join(folder, 'empty.ts')
  writeFileSync(empty, 'export const scripts = 1')
  await expect(startFromArguments(['--script', empty])).rejects.toMatchObject({ code: 'simulator.script_unreadable' })
})
