// Makes a clone ready to run: installs when package-lock.json changed since the last install, then builds.
// Runs on Node 20 with npm alone, before anything is installed, so it is plain JavaScript without dependencies.
// Everything it prints goes to stderr: stdout belongs to the command that follows.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.meepo-setup')

const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8')
const stamp = createHash('sha256').update(lockText).digest('hex')

if (!isInstalled()) {
  process.stderr.write('setup: installing dependencies\n')
  // Not `npm ci`: it refuses a lockfile without the native parts of tools for other platforms, and npm leaves those out
  // when a tool has not published them for every platform. This installs the same locked versions and changes no file.
  npm(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  if (!isLockInstalled()) fail('package-lock.json does not fit the package.json files: run npm install and commit it')
  if (!existsSync(join(modules, 'node', 'bin'))) {
    fail('the pinned Node was not installed: allow install scripts for the package "node" and run this again')
  }
  writeFileSync(stampFile, stamp)
}
npm(['run', '--silent', 'build'])

function isInstalled() {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true
  if (!isLockInstalled()) return false
  writeFileSync(stampFile, stamp)
  return true
}

/** A plain `npm install` leaves no stamp of ours: npm's own record of what it put there counts as well. */
function isLockInstalled() {
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = JSON.parse(lockText).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    const installed = present[path]
    if (!installed) return entry.optional === true
    return entry.link ? installed.link === true : installed.version === entry.version
  })
}

function npm(args) {
  const cli = process.env.npm_execpath
  const viaNode = cli !== undefined && /npm-cli\.c?js$/.test(cli)
  const result = viaNode
    ? spawnSync(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.error) fail(`npm could not be started: ${result.error.message}`)
  if (result.status !== 0) process.exit(result.status ?? 1)
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`)
  process.exit(1)
}
