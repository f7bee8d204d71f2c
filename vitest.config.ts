import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { readLayers } from './scripts/layers.ts'
import { SlowFirst } from './scripts/slow-first.ts'
import { listPublished } from './scripts/workspaces.ts'

// Tests run on the sources of all workspaces: nothing has to be built first. Child processes and worker threads
// that inherit the arguments of their parent do the same.
const condition = 'meepo-source'
const root = import.meta.dirname
const layers = readLayers(root)

const ignored = ['**/node_modules/**', '**/dist/**', '**/fixtures/**']
const home = '{packages/*,apps/*,examples/*,bench,e2e}'

const inMemory = join(root, 'scripts/test-folder.ts')

function tier(
  name: string,
  include: string[],
  options: {
    exclude?: string[]
    timeoutMs?: number
    maxWorkers?: number
    isolate?: boolean
    globalSetup?: string
  } = {},
) {
  return {
    extends: true,
    test: {
      name,
      include,
      exclude: [...ignored, ...(options.exclude ?? [])],
      testTimeout: options.timeoutMs ?? 10_000,
      hookTimeout: options.timeoutMs ?? 10_000,
      isolate: options.isolate ?? true,
      ...(options.maxWorkers === undefined ? {} : { maxWorkers: options.maxWorkers }),
      ...(options.globalSetup === undefined ? {} : { globalSetup: options.globalSetup }),
    },
  } satisfies TestProjectInlineConfiguration
}

const thresholds: Record<string, { lines: number; branches?: number }> = {
  [`packages/core/src/{${layers.fullyCovered.join(',')}}/**`]: { lines: 100, branches: 100 },
}
for (const { folder } of listPublished(root)) thresholds[`${folder}/src/**`] = { lines: 90 }

export default defineConfig({
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition], externalConditions: [condition] } },
  test: {
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: SlowFirst },
    projects: [
      // They leave nothing behind, so that files share the modules that one of them loaded.
      tier('unit', [`${home}/**/*.test.ts`], {
        exclude: ['**/*.{int,long,e2e}.test.ts'],
        timeoutMs: 30_000,
        isolate: false,
      }),
      tier('int', [`${home}/**/*.int.test.ts`], { timeoutMs: 60_000, globalSetup: inMemory }),
      // What takes minutes and whose short form is among the others.
      tier('long', [`${home}/**/*.long.test.ts`], { timeoutMs: 120_000, globalSetup: inMemory }),
      // Fleets of processes that are killed, most of whose time goes by until others notice.
      tier('e2e', [`${home}/**/*.e2e.test.ts`], { timeoutMs: 180_000, maxWorkers: 2 }),
      tier('gates', ['scripts/**/*.test.ts'], { timeoutMs: 120_000 }),
    ],
    execArgv: [`--conditions=${condition}`],
    // For the processes and threads that tests start: they would strip and compile the same sources hundreds of times.
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile') },
    reporters: ['default', ['json', { outputFile: process.env.MEEPO_TEST_RESULTS ?? 'coverage/tests.json' }]],
    coverage: {
      provider: 'v8',
      reportsDirectory: join(root, 'coverage/report'),
      // The pages are for people, who look at them on their own machines.
      reporter: [['text', { skipFull: true }], ...(process.env.CI === undefined ? (['html'] as const) : [])],
      include: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.fixture.ts', '**/*.d.ts'],
      thresholds,
    },
  },
})
