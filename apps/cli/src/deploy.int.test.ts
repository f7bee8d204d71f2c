// The files in `deploy/` name flags and variables of the command line: each of them must be one that it has.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { createProgram } from './program.ts'

const deploy = join(import.meta.dirname, '../../../deploy')

function read(name: string): string {
  return readFileSync(join(deploy, name), 'utf8')
}

/** What containers of a file are started with. */
interface Started {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

interface Container {
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly stringData?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } }
    readonly selector?: unknown
    readonly scaleTargetRef?: { readonly name: string }
    readonly ports?: readonly { readonly port: number }[]
  }
}

function manifests(name: string): readonly Manifest[] {
  // What Kubernetes reads as well.
  return parseAllDocuments(read(`kubernetes/${name}`)).map((document) => document.toJS() as Manifest)
}

function composed(): Started {
  const { services } = parse(read('compose.yaml')) as {
    services: Record<string, { command?: string[]; environment?: Record<string, string> }>
  }
  return { args: services.worker?.command ?? [], env: services.worker?.environment ?? {} }
}

function onKubernetes(): Started {
  const [container] =
    manifests('worker.yaml').find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec.containers ?? []
  const secrets = manifests('secrets.example.yaml')[0]?.stringData ?? {}
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value]))
  return { args: container?.args ?? [], env: { ...env, ...secrets } }
}

const worker = createProgram().commands.find((command): command is Command => command.name() === 'worker')
const flags = worker?.options.map(({ long }) => long) ?? []
const variables = worker?.options.flatMap(({ envVar }) => envVar ?? []) ?? []

test.each([
  ['compose.yaml', composed()],
  ['kubernetes', onKubernetes()],
])('flags and variables of %s are those of the worker, and enough to start one', (_name, { args, env }) => {
  expect(args[0]).toBe('worker')
  for (const arg of args.filter((one) => one.startsWith('--'))) expect(flags).toContain(arg)
  const named = Object.keys(env).filter((name) => name.startsWith('MEEPO_'))
  for (const name of named) expect(variables).toContain(name)
  expect(named).toEqual(
    expect.arrayContaining(['MEEPO_STORE', 'MEEPO_RESTATE_INGRESS', 'MEEPO_RESTATE_ADMIN', 'MEEPO_LISTEN']),
  )
  const isRestate = env.MEEPO_ENGINE === 'restate' || args.join(' ').includes('--engine restate')
  expect(isRestate).toBe(true)
  expect(new URL(env.MEEPO_WORKER_URL ?? '').port).toBe(env.MEEPO_LISTEN?.split(':')[1])
})

test('the image starts a worker on the port that is exposed', () => {
  const text = read('Dockerfile')
  expect(text).toContain('CMD ["worker"]')
  expect(text).toContain(`EXPOSE ${onKubernetes().env.MEEPO_LISTEN?.split(':')[1]}`)
})

test('everything in the manifests of a worker names the same build, and the ports fit', () => {
  const all = manifests('worker.yaml')
  const named = all.filter(({ kind }) => kind !== 'NetworkPolicy').map(({ metadata }) => metadata.name)
  expect(new Set(named)).toEqual(new Set(['worker-v1']))
  const autoscaler = all.find(({ kind }) => kind === 'HorizontalPodAutoscaler')
  expect(autoscaler?.spec?.scaleTargetRef?.name).toBe('worker-v1')
  const { env } = onKubernetes()
  expect(env.MEEPO_WORKER_URL).toBe('http://worker-v1:9080')
  const services = manifests('restate.yaml').filter(({ kind }) => kind === 'Service')
  const ports = services.find(({ metadata }) => metadata.name === 'restate')?.spec?.ports?.map(({ port }) => port)
  for (const name of ['MEEPO_RESTATE_INGRESS', 'MEEPO_RESTATE_ADMIN'] as const)
    expect(ports).toContain(Number(new URL(env[name] ?? '').port))
})

test('the page of the folder names all of its files', () => {
  const page = read('README.md')
  for (const name of readdirSync(deploy, { recursive: true, withFileTypes: true })) {
    if (name.isFile() && name.name !== 'README.md') expect(page).toContain(name.name)
  }
})
