// Takes the price tables out of the published package @earendil-works/pi-ai. The package is not installed: it needs
// several cloud SDKs, and one of its own dependencies is not on the registry.
//   node packages/gateway/scripts/prices/fetch-pi-ai.ts
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PiAiModel, PiAiTables } from './pi-ai.ts'
import { piAi, providers } from './rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'meepo-prices-'))
try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', `${piAi.name}@${piAi.version}`, '--json', '--pack-destination', folder], {
      encoding: 'utf8',
    }),
  ) as [{ filename: string }]
  const tarball = join(folder, packed.filename)
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (integrity !== piAi.integrity) throw new Error(`${piAi.name}: the tarball has ${integrity}`)
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
  writeFileSync(new URL(piAi.file, import.meta.url), `${JSON.stringify(readTables(), undefined, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function readTables(): PiAiTables {
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(join(folder, 'package/dist/providers/data', name), 'utf8'))
  const { generatedAt } = read('.manifest.json') as { generatedAt: string }
  const tables: Record<string, PiAiModel[]> = {}
  for (const { name, piAi: file } of providers) {
    const byApi = read(`${file}.json`) as Record<string, Record<string, PiAiModel & { type?: string }>>
    const models = Object.values(byApi).flatMap((group) => Object.values(group))
    tables[name] = models
      .filter(({ type = 'chat' }) => type === 'chat')
      .map(({ id, reasoning, input, cost, contextWindow, maxTokens }) => ({
        id,
        reasoning,
        input,
        cost,
        contextWindow,
        maxTokens,
      }))
  }
  return { source: `${piAi.name}@${piAi.version}`, generatedAt, tables }
}
