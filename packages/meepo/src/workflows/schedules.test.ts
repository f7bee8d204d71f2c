// Random schedules, kept by processes that come, go and die in the middle of things.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mortal, type Mortal } from '../../test-support/mortal.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { cronTimes } from './cron-times.ts'

const numRuns = Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 3)
const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const quick = { beatMs: 1_000, missedBeats: 2, idleMs: 0 }

type Happening =
  | { readonly kind: 'begins' }
  | { readonly kind: 'dies' }
  | { readonly kind: 'dies at write'; readonly write: number }
  | { readonly kind: 'time'; readonly ms: number }

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.constant<Happening>({ kind: 'begins' }),
  fc.constant<Happening>({ kind: 'dies' }),
  fc.integer({ min: 1, max: 9 }).map((write): Happening => ({ kind: 'dies at write', write })),
  fc.integer({ min: 1, max: 20_000 }).map((ms): Happening => ({ kind: 'time', ms })),
)

const scenarios = fc.record({
  cron: fc.constantFrom(
    '*/7 * * * * *',
    '*/10 * * * * *',
    '0,3,30 * * * * *',
    '*/20 * 1-3 * * *',
    '15,45 0-59 * * * *',
  ),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York'),
  // The hours in which clocks change in Berlin and New York, and a quiet one.
  startAt: fc
    .constantFrom('2026-03-29T00:59:00Z', '2026-10-25T00:59:30Z', '2026-11-01T05:59:00Z', '2026-06-01T01:00:00Z')
    .map((text) => Date.parse(text)),
  story: fc.array(happenings, { minLength: 4, maxLength: 10 }),
})

/** Lets the story happen, then lets one process live, and returns the fires that have runs. */
async function play(
  { cron, timeZone, startAt, story }: typeof scenarios extends fc.Arbitrary<infer S> ? S : never,
  missed: 'all' | 'latest',
): Promise<{ readonly fires: readonly number[]; readonly endAt: number }> {
  const stage = new ScheduleStage(startAt)
  const living: Mortal[] = []
  const begin = async (): Promise<void> => {
    const process = mortal(stage.machine, stage.store)
    const workflow = stage.workflow({ cron, timeZone, missed, maxMissed: 1_000 })
    await stage.open([workflow], { ...quick, store: process.store, machine: process.machine })
    living.push(process)
  }
  await begin()
  await stage.run(0)
  for (const happening of story) {
    if (happening.kind === 'begins') await begin()
    else if (happening.kind === 'time') await stage.run(happening.ms)
    else if (happening.kind === 'dies') living.pop()?.kill()
    else living.at(-1)?.killAtWrite(happening.write)
  }
  for (const process of living) process.kill()
  await begin()
  // Those of the dead are taken over first.
  await stage.run(6_000)
  const endAt = stage.machine.scheduler.now()
  const runs = await stage.runs('tick')
  const created = await Promise.all(runs.map(({ runId }) => stage.store.log.read('system', runId)))
  const inputs = created.map(
    ([first]) => first?.type === 'run.created' && 'value' in first.data.input && first.data.input.value,
  )
  expect(runs.every(({ status, createdAt }) => status === 'completed' || endAt - createdAt < 100)).toBe(true)
  return { fires: inputs.map(Number).toSorted((a, b) => a - b), endAt }
}

test(
  'every fire runs exactly once under all, and at most once under latest',
  async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const times = cronTimes('tick', scenario)
        const all = await play(scenario, 'all')
        const due: number[] = []
        for (let at = times.next(scenario.startAt); at !== undefined && at <= all.endAt; at = times.next(at))
          due.push(at)
        // The last one may be under way.
        expect(all.fires.length).toBeGreaterThanOrEqual(due.length - (all.endAt - (due.at(-1) ?? 0) < 1_000 ? 1 : 0))
        expect(all.fires).toEqual(due.slice(0, all.fires.length))
        const latest = await play(scenario, 'latest')
        expect(new Set(latest.fires).size).toBe(latest.fires.length)
        expect(due).toEqual(expect.arrayContaining([...latest.fires]))
      }),
      { numRuns, ...(isLong ? {} : { seed: 7 }) },
    )
  },
  isLong ? 3_600_000 : 60_000,
)

test('a process that dies at any write, between the start of a run and its record too, costs no fire and doubles none', async () => {
  for (let write = 1; write <= 8; write++) {
    const { fires } = await play(
      {
        cron: '*/10 * * * * *',
        timeZone: 'UTC',
        startAt: Date.UTC(2026, 5, 1, 0, 0, 1),
        story: [{ kind: 'dies' }, { kind: 'begins' }, { kind: 'dies at write', write }, { kind: 'time', ms: 15_000 }],
      },
      'all',
    )
    expect(
      fires.slice(0, 2).map((at) => new Date(at).getUTCSeconds()),
      `write ${write}`,
    ).toEqual([10, 20])
  }
}, 20_000)
