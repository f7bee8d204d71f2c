import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

function meepo(...args: string[]): {
  child: ChildProcessWithoutNullStreams
  ended: Promise<{ code: unknown; err: string }>
} {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, ['--conditions=meepo-source', main, 'sim', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part))
  const ended = once(child, 'exit').then(([code]: unknown[]) => ({ code, err }))
  return { child, ended }
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer] // a stream without encoding emits buffers
  return line.toString()
}

const hello = JSON.stringify({ model: 'm', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] })

test('sim answers until it is interrupted, and then tells what it would have charged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-sim-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const options = join(folder, 'options.json')
  const prices = [{ model: '*', rates: { input: 2_500_000, output: '10000000' } }]
  writeFileSync(options, JSON.stringify({ prices, rules: [{ steps: [{ text: 'abcd' }] }] }))
  const { child, ended } = meepo('--port', '0', '--json', '--options', options, '--api-key', 'a', '--api-key', 'b')
  const { url } = JSON.parse(await firstLine(child)) as { url: string }
  const ask = (key: string): Promise<Response> =>
    fetch(`${url}/v1/messages`, { method: 'POST', body: hello, headers: { 'x-api-key': key } })
  expect(await (await ask('b')).json()).toMatchObject({ content: [{ type: 'text', text: 'abcd' }] })
  expect((await ask('c')).status).toBe(401)
  child.kill('SIGINT')
  expect(await ended).toEqual({ code: 0, err: '2 requests, 1 billed: 2 tokens in, 1 out, 0.000015 USD\n' })
})

test('sim says for people where each format is found', async () => {
  const { child, ended } = meepo('--port', '0', '--fault', '503')
  const line = await firstLine(child)
  expect(line).toMatch(/^simulator on http:\/\/127\.0\.0\.1:\d+\n$/)
  const url = line.trim().split(' ').at(-1) ?? ''
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: hello })
  expect(answer.status).toBe(503)
  child.kill('SIGTERM')
  expect((await ended).err).toMatch(/Gemini: .*\/v1beta .*\n1 requests, 0 billed/)
})

test('what cannot be started is told with its code', async () => {
  expect(await meepo('--fault', 'explode').ended).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^simulator\.bad_option: --fault takes a status or one of hang/),
  })
  expect(await meepo('--script', 'none.ts').ended).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^simulator\.script_unreadable: /),
  })
})
