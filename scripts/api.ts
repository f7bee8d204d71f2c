// API reference of every door, from the declarations that the build wrote: `<door>.api.md` is the report that a
// review compares, `<door>.md` is for readers. `--check` compares with what is committed and writes nothing.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { ApiModel } from '@microsoft/api-extractor-model'
import { writeApiPage } from './api-page.ts'
import { listPublished, report, rootFromArguments, type Workspace } from './workspaces.ts'

const isCheck = process.argv.includes('--check')
const root = rootFromArguments()
const committed = join(root, 'docs/reference/api')
const work = join(root, 'node_modules/.cache/meepo-api')

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })

const problems: string[] = []
const wanted = new Map<string, string>()
for (const workspace of listPublished(root)) {
  for (const door of Object.keys(workspace.manifest.exports ?? {})) extract(workspace, door)
}
if (isCheck) compare()
else write()
report('api', problems)

function extract(workspace: Workspace, door: string): void {
  const folder = join(root, workspace.folder)
  const types = workspace.manifest.exports?.[door]?.types
  if (types === undefined) return
  const entry = join(folder, types)
  if (!existsSync(entry)) {
    problems.push(`${workspace.folder}: ${types} is missing; run npm run build`)
    return
  }
  const name = `${workspace.folder.split('/').at(-1)}${door.slice(1).replaceAll('/', '-')}`
  const result = Extractor.invoke(configure(folder, entry, name), {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(`${name}: ${message.text}`)
    },
  })
  const reportFile = join(work, `${name}.api.md`)
  if (!existsSync(reportFile)) {
    problems.push(`${name}: no report (${result.errorCount} errors)`)
    return
  }
  wanted.set(`${name}.api.md`, readFileSync(reportFile, 'utf8'))
  const apiPackage = new ApiModel().loadPackage(join(work, `${name}.api.json`))
  wanted.set(`${name}.md`, writeApiPage(apiPackage, `${workspace.manifest.name}${door.slice(1)}`))
}

function configure(folder: string, entry: string, name: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            module: 'nodenext',
            moduleResolution: 'nodenext',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
          },
          files: [entry],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: work,
        reportTempFolder: join(work, 'temp'),
        includeForgottenExports: true,
      },
      docModel: { enabled: true, apiJsonFilePath: join(work, `${name}.api.json`), includeForgottenExports: true },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: false },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  })
}

function compare(): void {
  for (const [file, text] of wanted) {
    const path = join(committed, file)
    const present = existsSync(path) ? readFileSync(path, 'utf8') : undefined
    if (present !== text) problems.push(`docs/reference/api/${file} is not what the sources say: npm run generate`)
  }
  for (const file of globSync('*.md', { cwd: committed })) {
    if (!wanted.has(file)) problems.push(`docs/reference/api/${file} belongs to no door: npm run generate`)
  }
}

function write(): void {
  rmSync(committed, { recursive: true, force: true })
  mkdirSync(committed, { recursive: true })
  for (const [file, text] of wanted) writeFileSync(join(committed, file), text)
}
