import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { definitionKey, isWorkflow, MeepoError, schedulerName, toErrorData } from '@meepo/core'
import type { ErrorData, RunSummary, Store } from '@meepo/core'
import { describeProviders } from '@meepo/gateway'
import { inspectSqliteFile } from '@meepo/store-sqlite'
import type { MeepoConfig } from 'meepo'
import { loadConfigIfAny, type KnownConfig } from '../config/load-config.ts'
import { knownDefinitions } from '../config/known-definitions.ts'
import { missingCode } from '../missing-code.ts'
import { openEngine } from '../session.ts'
import { measureSync } from './disk.ts'
import { isStoreFile } from '../config/store-file.ts'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly found: string
  readonly error?: Pick<ErrorData, 'code' | 'message'>
}

/** Looks at everything that a run needs. Changes nothing that stays. */
export async function runChecks(named: string | undefined): Promise<readonly Check[]> {
  const checks: Check[] = [
    { name: 'node', status: 'ok', found: process.versions.node },
    { name: 'sqlite', status: 'ok', found: process.versions.sqlite ?? 'none' },
  ]
  const loaded = await attempt('configuration', () => loadConfigIfAny(named))
  if ('status' in loaded) return [...checks, loaded]
  const { path, config } = loaded
  checks.push(
    path === undefined
      ? { name: 'configuration', status: 'warning', found: 'no meepo.config.ts here or above: nothing can be run' }
      : { name: 'configuration', status: 'ok', found: path },
  )
  checks.push(definitionsCheck(config), ...providerChecks(config), ...(await storeChecks(config)))
  return checks
}

function definitionsCheck(config: KnownConfig): Check {
  try {
    const keys = [...knownDefinitions(config.definitions).keys()]
    return { name: 'definitions', status: keys.length > 0 ? 'ok' : 'warning', found: keys.join(', ') || 'none' }
  } catch (thrown) {
    return failed('definitions', thrown)
  }
}

function providerChecks(config: MeepoConfig): Check[] {
  if (config.models) return [{ name: 'models', status: 'ok', found: 'resolved by the configuration itself' }]
  try {
    return describeProviders(config).map(({ name, hasKey, needsKey }) => ({
      name: `provider ${name}`,
      status: 'ok',
      found: hasKey ? 'has a key' : needsKey ? 'no key' : 'no key, needs none',
    }))
  } catch (thrown) {
    return [failed('providers', thrown)]
  }
}

async function storeChecks(config: KnownConfig): Promise<Check[]> {
  const { store } = config
  if (typeof store !== 'string')
    return [{ name: 'store', status: 'ok', found: 'opened by the configuration itself' }, ...(await runsCheck(config))]
  if (store === 'memory') return [{ name: 'store', status: 'warning', found: 'in memory: gone with each process' }]
  if (!isStoreFile(store)) {
    const { host, pathname } = new URL(store)
    return [{ name: 'store', status: 'ok', found: `PostgreSQL at ${host}${pathname}` }, ...(await runsCheck(config))]
  }
  const file = await attempt('store', async () => ({ found: inspectSqliteFile(store) }))
  if ('status' in file) return [file]
  const { found } = file
  const size =
    found &&
    `${Math.ceil(found.bytes / 1_024).toLocaleString('en-US')} KB, format ${found.format} of ${found.newestFormat}`
  const checks: Check[] = [
    { name: 'store', status: 'ok', found: `${store} (${size ?? 'not there yet'})` },
    folderCheck(store),
  ]
  return found ? [...checks, ...(await runsCheck(config))] : checks
}

function folderCheck(store: string): Check {
  let folder = dirname(store)
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    const ms = measureSync(folder)
    return {
      name: 'folder',
      status: 'ok',
      found: `${folder} is writable; the disk confirms a write in ${ms.toFixed(2)} ms (median)`,
    }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return failed('folder', new MeepoError('store.not_writable', `${folder}: ${reason}`))
  }
}

/** Runs that wait for code that the configuration does not have. */
async function runsCheck(config: KnownConfig): Promise<Check[]> {
  const known = await attempt('runs', async () => knownDefinitions(config.definitions))
  if ('status' in known) return []
  const open = await attempt('runs', async () => {
    const meepo = await openEngine(config)
    try {
      const missing = await missingCode(meepo.store)
      return (await openRuns(meepo.store)).map((run) => ({ run, isNobodys: missing(run) !== undefined }))
    } finally {
      await meepo.stop()
    }
  })
  if ('status' in open) return [open]
  // Schedules are runs as well, which wait for most of the time.
  const schedulers = new Set([...known.values()].filter(isWorkflow).map(({ name }) => schedulerName(name)))
  const isLost = ({ run: { definition: name, version } }: { readonly run: RunSummary }): boolean =>
    !known.has(definitionKey({ name, version })) && !schedulers.has(name)
  const lost = open.filter(isLost)
  const unknown = [
    ...new Set(lost.map(({ run: { definition, version } }) => definitionKey({ name: definition, version }))),
  ]
  return [
    lost.length === 0
      ? { name: 'runs', status: 'ok', found: `${open.length} open` }
      : {
          name: 'runs',
          status: 'warning',
          found: `${lost.length} of ${open.length} open runs need ${unknown.join(', ')}${tellNobodys(lost.filter(({ isNobodys }) => isNobodys).length, lost.length)}`,
        },
  ]
}

/** Code that this configuration lacks may be at work in other processes. */
function tellNobodys(count: number, all: number): string {
  if (count === 0) return ''
  return `; no process has ${all === 1 ? 'it' : `that of ${count}`}: put it back, or \`meepo cancel\` them`
}

async function openRuns(store: Store): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = []
  for (let before: string | undefined; ;) {
    const filter = {
      status: ['queued', 'running', 'waiting'] as const,
      limit: 500,
      ...(before === undefined ? {} : { before }),
    }
    const page = await store.log.runs('system', filter)
    found.push(...page)
    if (page.length < 500) return found
    before = page.at(-1)?.runId
  }
}

async function attempt<T extends object>(name: string, look: () => Promise<T>): Promise<T | Check> {
  try {
    return await look()
  } catch (thrown) {
    return failed(name, thrown)
  }
}

function failed(name: string, thrown: unknown): Check {
  const { code, message } = toErrorData(thrown)
  return { name, status: 'failed', found: message, error: { code, message } }
}
