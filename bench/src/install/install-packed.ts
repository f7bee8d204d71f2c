// Meepo as its users have it: every package packed, and the umbrella installed from the tarballs into an empty folder.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the umbrella is made of. */
const names = ['core', 'store-sqlite', 'engine-embedded', 'gateway', 'meepo']

const root = join(import.meta.dirname, '../../..')
const home = join(tmpdir(), 'meepo-bench-install')
const scripts = join(import.meta.dirname, '../../install')

/** A folder with meepo in it, and how many packages came along. */
export interface Installed {
  readonly folder: string
  readonly packages: number
}

/** Packs and installs; what did not change since the last time is not installed again. */
export function installPacked(): Installed {
  const tarballs = packAll()
  const digest = createHash('sha256')
  for (const tarball of tarballs) digest.update(readFileSync(tarball))
  const folder = join(home, digest.digest('hex').slice(0, 16))
  const done = join(folder, 'installed')
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
    npm(['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], folder)
    writeFileSync(done, '')
  }
  cpSync(scripts, folder, { recursive: true })
  return { folder, packages: countPackages(folder) }
}

function packAll(): readonly string[] {
  const target = join(home, 'tarballs')
  mkdirSync(target, { recursive: true })
  return names.map((name) => {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', target]
    const printed = npm(args, join(root, 'packages', name))
    return join(target, printed.trim().split('\n').at(-1) ?? '')
  })
}

/** By npm's own record of what it put there, the folder itself left out. */
function countPackages(folder: string): number {
  const record = readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')
  // npm writes this file; only its keys are read.
  return Object.keys((JSON.parse(record) as { readonly packages: object }).packages).length
}

function npm(args: readonly string[], cwd: string): string {
  // Settings of the npm that started the bench belong to this repository.
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_(config|package)/i.test(name))
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    env: { ...Object.fromEntries(inherited), NODE_OPTIONS: '' },
  })
}
