import { posix } from 'node:path'
import { defineTool } from 'meepo'
import type { Tool } from 'meepo'
import { z } from 'zod'

import type { Repository } from './repository.ts'

/** More of a diff or file is not shown: what is larger is seldom written by hand. */
const longest = 60_000
const mostPaths = 100

/** What is read of a file, and whether that is all. */
interface Excerpt {
  readonly path: string
  readonly text: string
  readonly isCut: boolean
}

/** The tools of a reviewer: they read two commits of one repository and nothing else. */
export function reviewTools(repository: Repository): readonly Tool[] {
  const path = z.object({ path: z.string().min(1) })
  const excerpt = async (of: string, read: (path: string) => Promise<string>): Promise<Excerpt> => {
    const whole = await read(of)
    return { path: of, text: whole.slice(0, longest), isCut: whole.length > longest }
  }
  return [
    defineTool({
      name: 'read_diff',
      description: 'The unified diff of one changed file.',
      effect: 'read',
      input: path,
      run: (args) => excerpt(args.path, (one) => repository.diff(one)),
    }),
    defineTool({
      name: 'read_file',
      description: 'A whole file as it is after the change.',
      effect: 'read',
      input: path,
      run: (args) => excerpt(args.path, (one) => repository.file(one)),
    }),
    defineTool({
      name: 'find_files',
      description: 'The paths, after the change, of files whose name contains a text; at most a hundred of them.',
      effect: 'read',
      input: z.object({ name: z.string().min(1) }),
      run: async ({ name }) => {
        const paths = (await repository.files()).filter((one) => posix.basename(one).includes(name))
        return { paths: paths.slice(0, mostPaths), isCut: paths.length > mostPaths }
      },
    }),
  ]
}
