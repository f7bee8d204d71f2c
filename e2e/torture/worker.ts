import { existsSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { MeepoError, type AnyDefinition, type Machine, type StartOptions } from '@meepo/core'
import { createEmbeddedEngine, createNodeMachine } from '@meepo/engine-embedded'
import { createRestateDispatcher } from '@meepo/engine-restate'
import { createGateway } from '@meepo/gateway'
import { watchModels, type BodyWorld } from './body.ts'
import { plantInStore } from './bugs/store-bugs.ts'
import { passCommitPoints } from './commit-points.ts'
import type { Asked, Command, Told } from './commands.ts'
import { isServer, openStore } from '../database.ts'
import { bodyFile, openLines, storeFile } from './evidence.ts'
import { createKillSwitch } from './kill-switch.ts'
import { readSettings } from './settings.ts'
import { buildShared } from './shared-workload.ts'
import { watchDispatcher } from './watched-dispatcher.ts'
import { watchStore } from './watched-store.ts'
import { buildWorkload, goSignal } from './workload.ts'

/*
 * One process that drives runs until it is killed. It tells what it knows through files and does what its parent asks.
 */

/** How long a worker may take to begin. */
const beginMs = 15_000

const settings = readSettings()
const { folder, worker, idleMs, concurrency, isRough, bug, armFile, restate } = settings
if (existsSync(armFile)) rmSync(armFile)

const storeLines = openLines(storeFile(folder, worker))
const open = { count: 0 }
const hasServer = isServer(settings.database)
const killSwitch = createKillSwitch(hasServer ? undefined : armFile, worker, storeLines, () => open.count)
if (hasServer) passCommitPoints(killSwitch.point)
const world: BodyWorld = {
  folder,
  worker,
  lines: openLines(bodyFile(folder, worker)),
  point: killSwitch.point,
  open,
  isRough,
}

const faultModule = new URL('./writer-fault.ts', import.meta.url).href
const opened = await openStore(settings.database, faultModule)
const planted = bug === undefined ? opened : plantInStore(bug, opened)
const store = watchStore(planted, worker, storeLines, killSwitch.point)
const gateway = createGateway({
  providers: { sim: { kind: 'openai-compatible', baseURL: `${settings.modelUrl}/v1` } },
  // What the provider loses or refuses by chance must not end a run: this is about crashes.
  maxRetries: 5,
})
const dispatcher =
  restate &&
  createRestateDispatcher({
    ingressUrl: restate.ingressUrl,
    worker: { adminUrl: restate.adminUrl, port: restate.port, url: restate.url },
  })
const engine = createEmbeddedEngine({
  store,
  models: watchModels(gateway, world),
  idleMs,
  concurrency,
  ...(dispatcher && restate
    ? {
        dispatcher: watchDispatcher(dispatcher, worker, restate.node, storeLines, killSwitch.point),
        // Whoever is told of a death looks for two beats: as long as the others look for four.
        beatMs: 500,
        missedBeats: 4,
      }
    : { beatMs: 250, missedBeats: 4 }),
  machine: settings.isClockJumping ? jumping(createNodeMachine()) : createNodeMachine(),
  onNotice: ({ code, message, runId }) => process.stderr.write(`${worker} ${code} ${runId ?? ''} ${message}\n`),
})
const definitions: readonly AnyDefinition[] =
  settings.workload === 'torture' ? buildWorkload(world) : buildShared(world)
engine.register(...definitions)

process.on('message', (message) => {
  // Only the parent of this file sends here.
  const { id, command } = message as Asked
  obey(command).then(
    (runId) => tell({ kind: 'answer', id, ...(runId === undefined ? {} : { runId }) }),
    (thrown: unknown) => {
      const code = MeepoError.is(thrown) ? thrown.code : 'unexpected'
      tell({ kind: 'answer', id, code, message: String(thrown) })
    },
  )
})
process.on('disconnect', () => process.exit(1))
await begin()
setInterval(() => tell({ kind: 'open', bodies: open.count }), 20)
tell({ kind: 'ready' })

/** A cluster that is coming up again is waited for, as whoever starts a process that ended does. */
async function begin(): Promise<void> {
  const until = Date.now() + beginMs
  for (;;) {
    try {
      await engine.begin()
      return
    } catch (thrown) {
      if (!MeepoError.is(thrown) || !thrown.retryable || Date.now() > until) throw thrown
      await delay(100)
    }
  }
}

function tell(told: Told): void {
  if (process.connected) process.send?.(told)
}

async function obey(command: Command): Promise<string | undefined> {
  switch (command.kind) {
    case 'start': {
      const { definition, input, how, runId } = command
      const options: StartOptions = how === 'fresh' ? {} : { runId, isQueued: how === 'queued' }
      return (await engine.start(definition, input, options)).runId
    }
    case 'signal':
      await engine.handle(command.runId).signal(command.name, command.value, command.deliveryId)
      return undefined
    case 'cancel':
      await engine.handle(command.runId).cancel('changed my mind')
      return undefined
    case 'resolve':
      await engine.handle(command.runId).resolve(command.step, command.resolution)
      return undefined
    case 'nag':
      await nag(command.runId)
      return undefined
    case 'arm':
      killSwitch.arm(command.order)
      return undefined
    case 'stop':
      await engine.stop({ graceMs: 300, hardLimitMs: 2_000 })
      await store.close()
      setImmediate(() => process.exit(0))
      return undefined
  }
}

/** Each of these is refused, in the same turn as whatever else is being written. */
async function nag(runId: string): Promise<void> {
  const results = await Promise.allSettled([
    engine.handle(runId).signal(goSignal, 'another value', `nag/${Math.random()}`),
    engine.handle('nobody').signal(goSignal, 1),
    engine.start('part', { price: Math.random() }, { runId }),
  ])
  for (const result of results) {
    if (result.status === 'fulfilled') throw new Error(`run ${runId}: what had to be refused was done`)
  }
}

/** The same machine with a wall clock that jumps an hour ahead, back, and back again. */
function jumping(machine: Machine): Machine {
  const { scheduler } = machine
  const now = (): number => Date.now() + ((Math.floor(performance.now() / 150) % 3) - 1) * 3_600_000
  return { ...machine, scheduler: { ...scheduler, now } }
}
