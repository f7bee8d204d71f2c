// Reads the hand-written pages: which there are, and the code blocks in them.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block. */
export interface Block {
  /** `ts`, `sh`, `text` … */
  readonly language: string
  /** What else the fence says: `run`, `output`, `fails`. */
  readonly words: readonly string[]
  /** `file=NAME` of the fence. */
  readonly file?: string
  readonly code: string
  /** Of the first line of code, from 1. */
  readonly line: number
}

/** A page, and where it is below the root. */
export interface Page {
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

const written = ['README.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md']
const generated = /^docs\/reference\/(api\/|errors\.md$|cli\.md$|benchmarks\.md$)/

/** All pages that people wrote, in order of their paths. */
export function readPages(root: string): readonly Page[] {
  return globSync(written, { cwd: root, exclude: ['**/node_modules'] })
    .filter((path) => !generated.test(path))
    .toSorted()
    .map((path) => readPage(path, readFileSync(join(root, path), 'utf8')))
}

/** Finds the blocks of one page. */
export function readPage(path: string, text: string): Page {
  const blocks: Block[] = []
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (open && fence) {
      blocks.push(toBlock(open.info, open.lines.join('\n'), open.line))
      open = undefined
    } else if (open) open.lines.push(line)
    else if (fence) open = { info: fence[1] ?? '', line: index + 2, lines: [] }
  }
  if (open) throw new Error(`${path}:${open.line}: this block does not end`)
  return { path, text, blocks }
}

function toBlock(info: string, code: string, line: number): Block {
  const [language = '', ...rest] = info.trim().split(/\s+/)
  const file = rest.find((word) => word.startsWith('file='))?.slice('file='.length)
  const words = rest.filter((word) => !word.startsWith('file='))
  return { language, words, code, line, ...(file === undefined ? {} : { file }) }
}
