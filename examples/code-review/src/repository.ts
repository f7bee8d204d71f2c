import { commitOf, git } from './git.ts'

/** A file that differs between the two commits. */
export interface Change {
  readonly path: string
  readonly status: 'added' | 'changed' | 'deleted'
  /** Not text: there is nothing to read. */
  readonly isBinary: boolean
}

/** Two commits of a git repository and what lies between them. Reads only, and only what was committed. */
export interface Repository {
  readonly folder: string
  readonly base: string
  readonly head: string
  changes(): Promise<readonly Change[]>
  /** The unified diff of one file. */
  diff(path: string): Promise<string>
  /** The file as it is in the newer commit. */
  file(path: string): Promise<string>
  /** All paths of the newer commit. */
  files(): Promise<readonly string[]>
}

/** What git calls a commit without files: what the first commit is compared with. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** Opens a repository at two revisions: the last commit and the one before it unless said. */
export async function openRepository(folder: string, base?: string, head: string = 'HEAD'): Promise<Repository> {
  const newer = await commitOf(folder, head)
  const older = base === undefined ? await parentOf(folder, newer) : await commitOf(folder, base)
  const range = [older, newer] as const
  return {
    folder,
    base: older,
    head: newer,
    changes: () => readChanges(folder, range),
    diff: (path) => git(folder, ['diff', '--no-color', '--no-ext-diff', '--no-renames', ...range, '--', literal(path)]),
    file: (path) => git(folder, ['show', '--end-of-options', `${newer}:${path}`]),
    files: async () => split(await git(folder, ['ls-tree', '-r', '-z', '--name-only', newer])),
  }
}

async function parentOf(folder: string, commit: string): Promise<string> {
  const [, parent = emptyTree] = (await git(folder, ['rev-list', '--parents', '-n', '1', commit])).trim().split(' ')
  return parent
}

async function readChanges(folder: string, range: readonly [string, string]): Promise<readonly Change[]> {
  const [names, counts] = await Promise.all(
    ['--name-status', '--numstat'].map((form) => git(folder, ['diff', '-z', '--no-renames', form, ...range])),
  )
  const binaries = new Set(
    split(counts ?? '').flatMap((line) => (line.startsWith('-\t-\t') ? [line.slice('-\t-\t'.length)] : [])),
  )
  const fields = split(names ?? '')
  const changes: Change[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [letter = '', path = ''] = fields.slice(at, at + 2)
    const status = letter === 'A' ? 'added' : letter === 'D' ? 'deleted' : 'changed'
    changes.push({ path, status, isBinary: binaries.has(path) })
  }
  return changes
}

/** A path is a path, whatever wildcards it may hold. */
function literal(path: string): string {
  return `:(literal)${path}`
}

function split(text: string): string[] {
  return text.split('\0').filter((part) => part !== '')
}
