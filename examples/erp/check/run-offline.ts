import type { JobOutput } from '../src/agents/agent-role.ts'
import { reporter } from '../src/agents/reporter.ts'
import type { Company } from '../src/data/company.ts'
import type { WorkflowName } from '../src/jobs.ts'
import { buildReport } from '../src/report/report.ts'
import type { Report, ReportHeader } from '../src/report/report.ts'
import { writeReportTool } from '../src/report/write-report-tool.ts'
import type { Answer, ChatMessage, ChatRequest } from '../src/script/chat.ts'
import { script } from '../src/script/script.ts'
import { allTools } from '../src/tools/all-tools.ts'
import type { ErpTool } from '../src/tools/tool.ts'
import { monthEnd } from '../src/workflows/month-end.ts'
import type { WorkflowTask } from '../src/workflows/workflow.ts'

/** How a run in this process may differ from the usual one. */
export interface OfflineOptions {
  /** The tool that answers `{}` to every call. */
  readonly stubbed?: string
  /** Only these workflows, to save time; all four unless said. */
  readonly workflows?: readonly WorkflowName[]
  /** Sees every request and its answer. Must not throw. */
  readonly observe?: (request: ChatRequest, answer: Answer) => void
  /** Where the report is written; without it, it is only returned. */
  readonly reportFolder?: string
  readonly header?: ReportHeader
}

/** What happened in a run in this process. */
export interface OfflineRun {
  readonly report: Report
  readonly agents: number
  readonly turns: number
}

interface Agent {
  readonly instructions: string
  readonly toolNames: readonly string[]
}

const maxTurns = 8

/**
 * Drives the agents without engine, gateway and network: the same roles, tools, script and report, one agent after the other.
 * It exists to test the business part by itself.
 */
export function runOffline(company: Company, options: OfflineOptions = {}): OfflineRun {
  const done = new Map<string, JobOutput[]>()
  const tally = { agents: 0, turns: 0 }
  const tools = new Map(allTools.map((tool) => [tool.name, tool]))
  for (const task of inOrder(
    (options.workflows ?? (['finance', 'inventory', 'hr', 'compliance'] as const)).flatMap((name) => monthEnd[name]),
  )) {
    const { agent } = task
    const inputs = task.inputs(company, done).map((input) => agent.input.parse(input))
    done.set(
      task.name,
      inputs.map((input) => agent.output.parse(runAgent(company, agent, input, tools, options, tally))),
    )
  }
  const report = buildReport(company.facts, done)
  if (options.reportFolder !== undefined) {
    const header = options.header ?? { runId: 'offline', model: 'offline scripted model', startedAt: '-' }
    const writer = writeReportTool({ folder: options.reportFolder, header, report: () => report })
    reporter.output.parse(
      runAgent(
        company,
        reporter,
        { asOf: report.asOf, jobs: report.counts },
        new Map([[writer.name, writer]]),
        options,
        tally,
      ),
    )
  }
  return { report, ...tally }
}

function inOrder(tasks: readonly WorkflowTask[]): WorkflowTask[] {
  const left = [...tasks]
  const ordered: WorkflowTask[] = []
  while (left.length > 0) {
    const at = left.findIndex((task) => task.needs.every((need) => ordered.some((done) => done.name === need)))
    const [next] = left.splice(at, 1)
    if (at < 0 || next === undefined) throw new Error('the workflows are cyclic')
    ordered.push(next)
  }
  return ordered
}

function runAgent(
  company: Company,
  agent: Agent,
  input: unknown,
  tools: ReadonlyMap<string, ErpTool>,
  options: OfflineOptions,
  tally: { agents: number; turns: number },
): unknown {
  const messages: ChatMessage[] = [
    { role: 'system', content: agent.instructions },
    { role: 'user', content: JSON.stringify(input) },
  ]
  tally.agents++
  for (let turn = 0; turn < maxTurns; turn++) {
    tally.turns++
    // Through JSON, as over the wire: the script sees a request body and nothing of this process.
    const request: ChatRequest = JSON.parse(JSON.stringify({ messages }))
    const answer = script(request)
    options.observe?.(request, answer)
    if (answer.toolCalls === undefined) return JSON.parse(answer.text ?? '')
    const calls = answer.toolCalls.map((call, at) => ({
      id: `call_${turn}_${at}`,
      type: 'function',
      function: { name: call.name, arguments: JSON.stringify(call.arguments) },
    }))
    messages.push({ role: 'assistant', content: null, tool_calls: calls })
    for (const call of calls) {
      const result = callTool(company, agent, call.function, tools, options.stubbed)
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) })
    }
  }
  throw new Error(`an agent took more than ${maxTurns} turns`)
}

function callTool(
  company: Company,
  agent: Agent,
  call: { name: string; arguments: string },
  tools: ReadonlyMap<string, ErpTool>,
  stubbed: string | undefined,
): unknown {
  const tool = tools.get(call.name)
  if (tool === undefined || !agent.toolNames.includes(call.name))
    throw new Error(`the agent has no tool "${call.name}"`)
  return call.name === stubbed ? {} : tool.run(company, JSON.parse(call.arguments))
}
