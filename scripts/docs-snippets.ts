// Makes files of the code blocks of the documentation, type-checks them together and runs those that say so.
//
// A `ts` block is a file of its own in the folder of its page, named by `file=NAME` or by its line. `ts run` is run; so is
// each line `npx node NAME.ts …` of a `sh` block, and each line `npx meepo …` of a `sh run` block. A `text output` block
// that follows is what must have been printed, `…` standing for anything on one line. `fails` behind `ts run` or `sh`: the
// process must not end well. Files of a page are run in the order of the page, in the page's own empty folder.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readPage, type Block, type Page } from './docs-pages.ts'

interface Command {
  readonly args: readonly string[]
  readonly place: string
  readonly isFailure: boolean
  readonly output?: string
}

interface Written {
  readonly folder: string
  readonly commands: readonly Command[]
}

/** Longer than any example takes. */
const hangsAfterMs = 60_000
/** Outside of what is emptied before each check. */
const cache = join(import.meta.dirname, '../coverage/docs-compiled')

/** Everything that is wrong with the snippets of these pages, one text per problem. `out` lies below the root. */
export async function checkSnippets(root: string, pages: readonly Page[], out: string): Promise<string[]> {
  rmSync(out, { recursive: true, force: true })
  const meepo = join(root, 'apps/cli/src/main.ts')
  const written = pages.map((page) => writeBlocks(page, join(out, page.path.replace(/\.md$/, '')), meepo))
  const problems = checkTypes(root, out)
  // The longest first, so that both lanes end at about the same time.
  const waiting = written.toSorted((a, b) => b.commands.length - a.commands.length).values()
  const lane = async (): Promise<void> => {
    for (const page of waiting) problems.push(...(await runPage(page)))
  }
  await Promise.all([lane(), lane()])
  return problems
}

/** The same for one page that is given as text. */
export function checkText(root: string, text: string, out: string): Promise<string[]> {
  return checkSnippets(root, [readPage('page.md', text)], out)
}

function writeBlocks(page: Page, folder: string, meepo: string): Written {
  const files = new Map<string, string>()
  const commands: Command[] = []
  for (const [index, block] of page.blocks.entries()) {
    const file = block.file ?? `line-${block.line}.ts`
    if (block.language === 'ts') files.set(file, `${block.code}\nexport {}\n`)
    const found = commandsOf(block, file, meepo)
    const place = `${page.path}:${block.line}`
    const isFailure = block.words.includes('fails')
    for (const [position, args] of found.entries()) {
      const output = position === found.length - 1 ? outputOf(page.blocks[index + 1]) : {}
      commands.push({ args, place, isFailure, ...output })
    }
  }
  if (files.size > 0) mkdirSync(folder, { recursive: true })
  for (const [name, code] of files) writeFileSync(join(folder, name), code)
  return { folder, commands }
}

/** What Node is to be given, once for each command of a block. */
function commandsOf({ language, words, code }: Block, file: string, meepo: string): readonly (readonly string[])[] {
  const isRun = words.includes('run')
  if (language === 'ts') return isRun ? [[file]] : []
  if (language !== 'sh') return []
  return [...code.matchAll(/^npx (node|meepo) ([^#\n]*)/gm)].flatMap(([, program, rest = '']) => {
    const args = rest.split(' ').filter((word) => word !== '')
    if (program === 'node') return [args]
    return isRun ? [[meepo, ...args]] : []
  })
}

function outputOf(next: Block | undefined): { output?: string } {
  return next?.language === 'text' && next.words.includes('output') ? { output: next.code } : {}
}

function checkTypes(root: string, out: string): string[] {
  mkdirSync(out, { recursive: true })
  const config = join(out, 'tsconfig.json')
  const base = relative(out, join(root, 'tsconfig.json'))
  // Examples may show a value without using it.
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(config, JSON.stringify({ extends: base, compilerOptions, include: ['**/*.ts'], exclude: [] }))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout, stderr, status } = spawnSync(tsc, ['-p', config, '--pretty', 'false'], { cwd: out, encoding: 'utf8' })
  if (status === 0) return []
  // What is wrong with the sources themselves is told by the gate `types`. Indented lines go on with the one before.
  const problems = `${stdout}${stderr}`.split(/\n(?!\s|$)/)
  return problems.filter((problem) => !problem.startsWith('../')).map((problem) => problem.trim())
}

async function runPage({ folder, commands }: Written): Promise<string[]> {
  const problems: string[] = []
  for (const command of commands) problems.push(...(await run(folder, command)))
  return problems
}

async function run(folder: string, { args, place, isFailure, output }: Command): Promise<string[]> {
  const { MEEPO_TEST_RESULTS: _results, NODE_OPTIONS: _options, ...given } = process.env
  // Most of the time of a short example would be spent on compiling the same sources again.
  const env = { ...given, NODE_COMPILE_CACHE: cache }
  const child = spawn(process.execPath, ['--conditions=meepo-source', '--no-warnings', ...args], {
    cwd: folder,
    env,
    timeout: hangsAfterMs,
  })
  let printed = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const end = await new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const name = `${place}: ${args.join(' ')}`
  const problems: string[] = []
  if ((end === 0) === isFailure || typeof end === 'string') problems.push(`${name} ended with ${end}: ${complaint}`)
  if (output !== undefined && !fits(printed, output)) {
    problems.push(`${name} printed\n${printed}\nwhere the page says\n${output}`)
  }
  return problems
}

function fits(printed: string, expected: string): boolean {
  const pattern = expected
    .trim()
    .split('…')
    .map((text) => RegExp.escape(text))
    .join('[^\\n]*')
  return new RegExp(`^${pattern}$`).test(printed.trim())
}
