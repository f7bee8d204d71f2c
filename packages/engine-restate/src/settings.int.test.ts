// The settings of nodes that the documentation and `deploy/` show are ones that a server reads.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { serverBinary } from './testing/node.ts'

const root = join(import.meta.dirname, '../../..')

/** What a server makes of settings: it refuses what it does not know, and tells the rest. */
function readBack(settings: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-restate-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'restate.toml')
  writeFileSync(file, settings)
  return execFileSync(serverBinary(), ['--config-file', file, '--dump-config'], { encoding: 'utf8' })
}

function check(settings: string): void {
  const told = readBack(settings)
  for (const [, key, value] of settings.matchAll(/^([a-z-]+) = ("[^"]*"|\d+|true|false)$/gm))
    expect(told).toContain(`${key} = ${value}`)
  expect(told.match(/:5122\//g)?.length).toBeGreaterThanOrEqual(3)
}

test('those of the page about many machines', () => {
  const page = readFileSync(join(root, 'docs/how-to/scale-out.md'), 'utf8')
  check(/```toml\n([^]*?)```/.exec(page)?.[1] ?? '')
})

test('those of the manifests for Kubernetes', () => {
  const documents = parseAllDocuments(readFileSync(join(root, 'deploy/kubernetes/restate.yaml'), 'utf8'))
  // The first one is the map with the settings.
  const { data } = documents[0]!.toJS() as { data: Record<string, string> }
  check(data['restate.toml'] ?? '')
})
