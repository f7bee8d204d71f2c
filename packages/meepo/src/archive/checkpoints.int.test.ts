import { MeepoError } from '@meepo/core'
import { startS3Server } from '@meepo/archive-s3/testing'
import { openS3Archive } from '@meepo/archive-s3'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thirtySteps } from '../../test-support/thirty-steps.ts'
import { createMeepo, type Meepo } from '../create-meepo.ts'
import type { MeepoOptions } from '../options.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-checkpoints-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function open(options: MeepoOptions): Promise<Meepo> {
  const meepo = await createMeepo(options)
  onTestFinished(() => meepo.stop({ graceMs: 0 }))
  return meepo
}

/** Every checkpoint of the run leads to its result. Returns how many there were. */
async function resumeEach(meepo: Meepo, ids: readonly string[], expected: unknown): Promise<void> {
  for (const id of ids) {
    const handle = await meepo.checkpoints.resume(id, { mayRepeat: true })
    const record = await handle.result()
    expect(record.result, id).toEqual(expected)
  }
}

async function runThirty(meepo: Meepo): Promise<{ runId: string; result: unknown; ids: readonly string[] }> {
  const { runId, result, history } = await meepo.run(thirtySteps, 7)
  expect(history.length).toBe(29)
  const points = await meepo.checkpoints.list(runId)
  // The start, 29 steps, the child and the sleep.
  expect(points.length).toBe(32)
  return { runId, result, ids: points.map(({ id }) => id) }
}

describe('every checkpoint of a run of thirty steps leads to its result', () => {
  test('in a SQLite file', async () => {
    const meepo = await open({ store: join(newFolder(), 'meepo.db'), definitions: [thirtySteps] })
    const { ids, result } = await runThirty(meepo)
    await resumeEach(meepo, ids, result)
  })

  test('in PostgreSQL', async () => {
    const server = await startPostgresServer()
    onTestFinished(() => server.remove())
    const meepo = await open({ store: server.url, archive: newFolder(), definitions: [thirtySteps] })
    const { ids, result } = await runThirty(meepo)
    await resumeEach(meepo, ids, result)
  })

  test('held in files, after the run is gone', async () => {
    const archive = join(newFolder(), 'archive')
    const meepo = await open({ store: 'memory', archive, definitions: [thirtySteps] })
    await heldAndGone(meepo)
  })

  test('held in S3, after the run is gone', async () => {
    const server = await startS3Server()
    onTestFinished(() => server.stop())
    const archive = openS3Archive(server.options)
    onTestFinished(() => archive.close())
    const meepo = await open({ store: 'memory', archive, definitions: [thirtySteps] })
    await heldAndGone(meepo)
  })
})

async function heldAndGone(meepo: Meepo): Promise<void> {
  const { runId, ids, result } = await runThirty(meepo)
  for (const id of ids) await meepo.checkpoints.hold(id, { name: 'mine', metadata: { for: 'the test' } })
  await meepo.store.log.forget('system', Date.now() + 1_000)
  await expect(meepo.engine.handle(runId).record()).rejects.toMatchObject({ code: 'run.not_found' })
  const held = await meepo.checkpoints.held()
  expect(held.map(({ id }) => id)).toEqual(ids)
  expect(held[0]?.held).toMatchObject({ name: 'mine', metadata: { for: 'the test' } })
  await resumeEach(meepo, ids, result)
}

describe('going on from a checkpoint', () => {
  test('what the run did to the world since is not repeated unasked', async () => {
    const meepo = await open({ store: 'memory', archive: newFolder(), definitions: [thirtySteps] })
    const { ids } = await runThirty(meepo)
    const refused = await meepo.checkpoints.resume(ids[2] ?? '').catch((thrown: unknown) => thrown)
    expect(MeepoError.is(refused) && refused.code).toBe('checkpoint.would_repeat')
    expect(String(refused)).toMatch(/pay 0 \(idempotent\).*send 0 \(once\).*one \(child run\)/)
    const late = ids.at(-2) ?? ''
    const record = await (await meepo.checkpoints.resume(late)).result()
    expect(record).toMatchObject({ success: true, forkedFrom: { runId: late.split('@')[0] } })
  })

  test('a place that is no checkpoint is refused', async () => {
    const meepo = await open({ store: 'memory', archive: newFolder(), definitions: [thirtySteps] })
    const { runId } = await runThirty(meepo)
    for (const id of [`${runId}@1`, `${runId}@99999`, `${runId}`, `nobody@3`, '']) {
      await expect(meepo.checkpoints.resume(id), id).rejects.toMatchObject({ code: 'checkpoint.not_found' })
    }
    await expect(meepo.checkpoints.list('nobody')).rejects.toMatchObject({ code: 'run.not_found' })
    await expect(meepo.checkpoints.delete(`${runId}@2`)).rejects.toMatchObject({ code: 'checkpoint.not_found' })
  })
})
