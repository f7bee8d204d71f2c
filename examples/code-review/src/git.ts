import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ExampleError } from 'meepo-example-kit'

const execute = promisify(execFile)

/** What git says to these arguments. No configuration of the user takes part. */
export async function git(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execute('git', ['-C', folder, ...args], {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      LC_ALL: 'C',
      ...env,
    },
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

/** The commit that a name stands for; throws `review.no_repository` or `review.unknown_revision`. */
export async function commitOf(folder: string, revision: string): Promise<string> {
  try {
    return (await git(folder, ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`])).trim()
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    if (/ENOENT/.test(said)) throw new ExampleError('review.no_git', 'git was not found', 'Install git.', cause)
    if (/not a git repository|cannot change to/i.test(said)) {
      throw new ExampleError('review.no_repository', `${folder} is no git repository`, 'Name the folder of one.', cause)
    }
    const fix = 'Name a commit, branch or tag of this repository with --base and --head.'
    throw new ExampleError(
      'review.unknown_revision',
      `${folder} has no revision ${JSON.stringify(revision)}`,
      fix,
      cause,
    )
  }
}
