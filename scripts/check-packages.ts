// Package shape: packs every published package as npm would and looks at the tarball with publint and attw.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listPublished, report, rootFromArguments, type Workspace } from './workspaces.ts'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

const root = rootFromArguments()
const outbox = mkdtempSync(join(tmpdir(), 'meepo-pack-'))
try {
  report('packages', listPublished(root).flatMap(checkPackage))
} finally {
  rmSync(outbox, { recursive: true, force: true })
}

function checkPackage(workspace: Workspace): string[] {
  const packed = pack(workspace)
  const tarball = join(outbox, packed.filename)
  return [
    ...checkFiles(workspace, packed),
    ...runTool(workspace, 'publint', ['run', tarball, '--strict']),
    ...runTool(workspace, 'attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'ascii']),
  ]
}

function pack(workspace: Workspace): Packed {
  const args = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', outbox]
  const output = execFileSync('npm', args, { cwd: join(root, workspace.folder), encoding: 'utf8' })
  const parsed: unknown = JSON.parse(output.slice(output.search(/^[[{]/m)))
  // npm 10 and 11 answer a list, newer ones an object by package name; each entry has this shape in all of them.
  const packed = Object.values(parsed as Record<string, Packed>)[0]
  if (packed === undefined) throw new Error(`npm pack said nothing about ${workspace.folder}`)
  return packed
}

function checkFiles(workspace: Workspace, packed: Packed): string[] {
  return packed.files.flatMap(({ path }) => {
    if (/\.test\.|(?:^|\/)fixtures\//.test(path)) return [`${workspace.folder}: ships ${path}`]
    const built = /^dist\/(.+?)\.(?:js|d\.ts)$/.exec(path)?.[1]
    if (built === undefined || existsSync(join(root, workspace.folder, `src/${built}.ts`))) return []
    return [`${workspace.folder}: ships ${path}, whose source is gone: npm run clean, npm run build`]
  })
}

function runTool(workspace: Workspace, tool: string, args: readonly string[]): string[] {
  const result = spawnSync(tool, args, { encoding: 'utf8', cwd: root })
  if (result.error) throw result.error
  return result.status === 0 ? [] : [`${workspace.folder}: ${tool}\n${result.stdout}${result.stderr}`]
}
