import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MeepoError } from '@meepo/core'

const fileName = 'meepo.config.ts'

/** The configuration that was named, or the next one in this folder and those above; undefined when there is none. */
export function findConfig(named: string | undefined, folder: string = process.cwd()): string | undefined {
  if (named !== undefined) {
    const path = resolve(folder, named)
    if (existsSync(path)) return path
    throw new MeepoError('config.not_found', `there is no configuration ${path}`)
  }
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, fileName)
    if (existsSync(path)) return path
    if (dirname(at) === at) return undefined
  }
}

/** The same for commands that cannot do without. */
export function requireConfig(named: string | undefined): string {
  const path = findConfig(named)
  if (path !== undefined) return path
  throw new MeepoError('config.not_found', `there is no ${fileName} in ${process.cwd()} or a folder above`)
}
