// Tools on a clock that stands still: bodies take the time that their arguments say, and write down what they did.

import type { Json } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'
import { anySchema } from '../base/schema.ts'
import type { Progress } from '../run/context.ts'
import {
  createToolExecutor,
  type ExecutorCall,
  type ExecuteOptions,
  type ToolExecutorOptions,
} from '../tool/executor.ts'
import type { ToolRun } from '../tool/run-tools.ts'
import { createToolRuntime, type ToolRuntime, type ToolRuntimeOptions } from '../tool/runtime.ts'
import { defineTool, type LeafTool, type Tool, type ToolCallContext, type ToolSettings } from '../tool/tool.ts'
import { createTestMachine, type TestMachine } from './test-machine.ts'

/** What a {@link ToolBench} tool is told to do. */
interface Work {
  readonly ms?: number
  readonly value?: Json
  /** Rejects with an error of this text. */
  readonly fails?: string
}

/** Tools, time, and what happened. */
export interface ToolBench {
  readonly machine: TestMachine
  readonly runtime: ToolRuntime
  /** `name+` when a body begins, `name-` when it ends. */
  readonly trace: readonly string[]
  readonly reports: readonly Progress[]
  readonly texts: readonly string[]
  /** How many bodies ran at one time at most, by tool; `*`: of all. */
  readonly most: ReadonlyMap<string, number>
  /** A tool of effect `read` that does as it is told. */
  tool(name: string, settings?: Partial<ToolSettings<Work, Json>>): LeafTool<Work, Json>
  run(tools: readonly Tool[], calls: readonly ExecutorCall[], options?: ExecuteOptions): Promise<ToolRun>
}

/** What a test may set. */
export type ToolBenchOptions = Partial<Omit<ToolExecutorOptions, 'tools' | 'runtime'>> &
  Partial<Omit<ToolRuntimeOptions, 'scheduler'>> & { readonly machine?: TestMachine }

/** Makes a bench for tests of tools. */
export function createToolBench(options: ToolBenchOptions = {}): ToolBench {
  const machine = options.machine ?? createTestMachine()
  const { scheduler, random } = machine
  const runtime = createToolRuntime({ ...options, scheduler })
  const trace: string[] = []
  const reports: Progress[] = []
  const texts: string[] = []
  const open = new Map<string, number>()
  const most = new Map<string, number>()

  const count = (name: string, by: 1 | -1): void => {
    for (const key of [name, '*']) {
      const now = (open.get(key) ?? 0) + by
      open.set(key, now)
      most.set(key, Math.max(most.get(key) ?? 0, now))
    }
  }
  const body = async (name: string, work: Work, call: ToolCallContext): Promise<Json> => {
    const { ms = 0, value = null, fails } = work
    trace.push(`${name}+`)
    count(name, 1)
    try {
      if (ms > 0) {
        await new Promise<void>((resolve, reject) => {
          const stop = scheduler.after(ms, resolve)
          call.signal.addEventListener('abort', () => {
            stop()
            reject(new Error('told to stop'))
          })
        })
      }
      if (fails !== undefined) throw new Error(fails)
      return value
    } finally {
      count(name, -1)
      trace.push(`${name}-`)
    }
  }

  return {
    machine,
    runtime,
    trace,
    reports,
    texts,
    most,
    tool: (name, settings = {}) =>
      defineTool<Work, Json>({
        name,
        description: `Does the work of ${name}.`,
        input: anySchema as Schema<Work>,
        effect: 'read',
        ...settings,
        run: (work, call) => body(name, work, call),
      }),
    run: (tools, calls, given) => {
      const executor = createToolExecutor({
        random,
        onProgress: (progress) => void reports.push(progress),
        onText: (callId, delta) => void texts.push(`${callId}: ${delta}`),
        ...options,
        scheduler,
        runtime,
        tools,
      })
      return scheduler.until(executor.run(calls, given))
    },
  }
}
