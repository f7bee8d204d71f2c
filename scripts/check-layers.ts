// Layer check: compares package.json files and actual imports with the one table, scripts/layers.json, and the
// layer list in ARCHITECTURE.md with both. `--write` renews that list.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { packageOf, readImports, type Import } from './imports.ts'
import { describeLayers } from './layer-list.ts'
import { readLayers, type Layers } from './layers.ts'
import {
  isTest,
  listDoors,
  listSources,
  listWorkspaces,
  report,
  rootFromArguments,
  type Manifest,
  type Workspace,
  readJson,
} from './workspaces.ts'

interface House {
  readonly root: string
  readonly layers: Layers
  readonly workspaces: readonly Workspace[]
  /** Packages that any test may use without its own package naming them. */
  readonly rootTools: ReadonlySet<string>
}

interface Source {
  readonly house: House
  readonly workspace: Workspace
  readonly file: string
  readonly imported: Import
}

function checkHouse(house: House): string[] {
  return house.workspaces.flatMap((workspace) => {
    const place = house.layers.packages[workspace.manifest.name]
    if (place === undefined) return [`${workspace.folder}: the package is missing in scripts/layers.json`]
    if (place.folder !== workspace.folder) return [`${workspace.folder}: scripts/layers.json has it in ${place.folder}`]
    return [...checkManifest(house, workspace), ...checkSources(house, workspace)]
  })
}

function checkManifest(house: House, workspace: Workspace): string[] {
  const externals = house.layers.packages[workspace.manifest.name]?.externals
  return Object.keys(workspace.manifest.dependencies ?? {}).flatMap((name) => {
    const isOurs = house.layers.packages[name] !== undefined
    if (isOurs && !mayUse(house.layers, workspace.manifest.name, name)) {
      return [`${workspace.folder}/package.json: may not depend on ${name}`]
    }
    if (!isOurs && externals !== undefined && !externals.includes(name)) {
      return [`${workspace.folder}/package.json: may depend on ${externals.join(', ')} only, not on ${name}`]
    }
    return []
  })
}

function checkSources(house: House, workspace: Workspace): string[] {
  const doors = new Set(listDoors(workspace).values())
  return listSources(house.root, workspace.folder).flatMap((file) => {
    const at = `${workspace.folder}/${file}`
    const problems: string[] = []
    if (posix.basename(file) === 'index.ts' && file.startsWith('src/') && !doors.has(file)) {
      problems.push(`${at}: a folder has no barrel; only a door of the package is called index.ts`)
    }
    for (const imported of readImports(at, readFileSync(join(house.root, at), 'utf8'))) {
      const problem = checkImport({ house, workspace, file, imported })
      if (problem !== undefined) problems.push(`${at}:${imported.line}: ${problem}`)
    }
    return problems
  })
}

function checkImport(source: Source): string | undefined {
  const { specifier } = source.imported
  if (specifier.startsWith('.')) return checkRelative(source)
  if (specifier.startsWith('node:')) {
    return isShippedCore(source) ? `core imports nothing of Node (${specifier})` : undefined
  }
  return checkPackage(source)
}

function checkRelative({ house, workspace, file, imported }: Source): string | undefined {
  const target = posix.join(dirname(file), imported.specifier)
  if (target.startsWith('..')) return `leaves its package (${imported.specifier}); import the published door`
  if (house.layers.packages[workspace.manifest.name]?.role !== 'core' || isTest(file)) return undefined
  const from = folderOf(file)
  const to = folderOf(target)
  if (from === undefined) return to === 'testing' ? 'the main door does not open testing' : undefined
  if (from === to) return undefined
  if (to === undefined) return `imports the door ${imported.specifier}; import the file itself`
  const fromLevel = house.layers.coreFolders[from]?.level
  const toLevel = house.layers.coreFolders[to]?.level
  if (fromLevel === undefined) return `the folder ${from} is missing in scripts/layers.json`
  if (toLevel === undefined) return `the folder ${to} is missing in scripts/layers.json`
  if (toLevel < fromLevel) return undefined
  const direction = toLevel === fromLevel ? 'sideways' : 'up'
  return `${from} (${fromLevel}) imports ${direction} from ${to} (${toLevel})`
}

function checkPackage({ house, workspace, file, imported }: Source): string | undefined {
  const own = workspace.manifest
  const name = packageOf(imported.specifier)
  const target = house.workspaces.find((other) => other.manifest.name === name)
  const isOwnTest = isTest(file) || house.layers.packages[own.name]?.role === 'consumer'
  if (!isListed(own, name, isOwnTest) && !(isOwnTest && house.rootTools.has(name)) && name !== own.name) {
    return `${name} is not in the ${isTest(file) ? 'package.json' : 'dependencies'} of ${own.name}`
  }
  if (target === undefined) return undefined
  const door = `.${imported.specifier.slice(name.length)}`
  if (!listDoors(target).has(door)) return `${imported.specifier} is not a published door of ${name}`
  if (isTest(file) || name === own.name) return undefined
  if (!mayUse(house.layers, own.name, name)) return `${own.name} may not import ${name}`
  if (door === './testing' && house.layers.packages[own.name]?.role === 'adapter' && folderOf(file) !== 'testing') {
    return 'shipped code of an adapter does not use test doubles'
  }
  return undefined
}

function isListed(own: Manifest, name: string, includeDevelopment: boolean): boolean {
  const lists = [own.dependencies, own.peerDependencies, includeDevelopment ? own.devDependencies : undefined]
  return lists.some((list) => list?.[name] !== undefined)
}

function isShippedCore({ house, workspace, file }: Source): boolean {
  return (
    house.layers.packages[workspace.manifest.name]?.role === 'core' && !isTest(file) && folderOf(file) !== 'testing'
  )
}

function mayUse(layers: Layers, from: string, to: string): boolean {
  const user = layers.packages[from]
  const used = layers.packages[to]
  return user !== undefined && used !== undefined && (layers.roles[user.role]?.mayUse ?? []).includes(used.role)
}

/** `src/run/pump.ts` -> `run`; undefined for files directly in `src`. */
function folderOf(file: string): string | undefined {
  const parts = file.split('/')
  return parts[0] === 'src' && parts.length > 2 ? parts[1] : undefined
}

const root = rootFromArguments()
const layers = readLayers(root)
const page = join(root, 'ARCHITECTURE.md')

if (process.argv.includes('--write')) {
  writeFileSync(page, describeLayers(root, layers, readFileSync(page, 'utf8')))
  report('layer list', [])
} else {
  const { devDependencies } = readJson<Manifest>(join(root, 'package.json'))
  const rootTools = new Set(Object.keys(devDependencies ?? {}))
  report('layers', [...checkHouse({ root, layers, workspaces: listWorkspaces(root), rootTools }), ...checkPage()])
}

function checkPage(): string[] {
  if (!existsSync(page)) return ['ARCHITECTURE.md is missing']
  const text = readFileSync(page, 'utf8')
  if (text === describeLayers(root, layers, text)) return []
  return ['ARCHITECTURE.md: the layer list is not that of the table: npm run generate']
}
