// What the checks know about the repository: its workspaces, their doors and their source files.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** The parts of a package.json that the checks read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** One npm workspace; `folder` is relative to the root and uses `/`. */
export interface Workspace {
  readonly folder: string
  readonly manifest: Manifest
}

/** The repository that a script works on: `--root FOLDER`, else the current folder. */
export function rootFromArguments(args: readonly string[] = process.argv.slice(2)): string {
  const at = args.indexOf('--root')
  return resolve(at >= 0 ? (args[at + 1] ?? '.') : '.')
}

export function readJson<T>(file: string): T {
  // The files read here are ours and checked in; their shape is checked by the code that uses them.
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

export function listWorkspaces(root: string): Workspace[] {
  const { workspaces } = readJson<{ workspaces: string[] }>(join(root, 'package.json'))
  return globSync(workspaces, { cwd: root })
    .map((folder) => folder.replaceAll('\\', '/'))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .toSorted()
    .map((folder) => ({ folder, manifest: readJson<Manifest>(join(root, folder, 'package.json')) }))
}

/** Packages that npm users get. */
export function listPublished(root: string): Workspace[] {
  return listWorkspaces(root).filter((workspace) => workspace.manifest.private !== true)
}

/** TypeScript files of a workspace, relative to it, without build output and fixtures. */
export function listSources(root: string, folder: string): string[] {
  return globSync('**/*.{ts,tsx,mts}', {
    cwd: join(root, folder),
    exclude: (name) => ['node_modules', 'dist', 'fixtures', 'coverage'].includes(name.split('/').at(-1) ?? ''),
  })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('.d.ts'))
    .toSorted()
}

/** Not shipped: tests, and what lies outside `src` to support them. `file` is relative to its workspace. */
export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || !file.startsWith('src/')
}

/** The sources behind the doors of a package: `.` -> `src/index.ts`. */
export function listDoors(workspace: Workspace): Map<string, string> {
  const doors = new Map<string, string>()
  for (const [door, conditions] of Object.entries(workspace.manifest.exports ?? {})) {
    const source = conditions['meepo-source']
    if (source !== undefined) doors.set(door, relative('.', source).replaceAll('\\', '/'))
  }
  return doors
}

/** Prints the findings of a check and sets the exit code. */
export function report(name: string, problems: readonly string[]): void {
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
  process.stdout.write(`${name}: ${problems.length === 0 ? 'ok' : `${problems.length} problem(s)`}\n`)
}
