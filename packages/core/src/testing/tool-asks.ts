// What tests of tools ask for again and again.

import type { CallEntry } from '../base/call-entry.ts'
import type { CallAccount, CallGrant, CallIntent } from '../model/account.ts'
import type { Tool } from '../tool/tool.ts'
import type { ToolBench } from './tool-bench.ts'

/** The result of one call, or the code of its error. */
export async function ask(bench: ToolBench, tool: Tool, args: object = {}): Promise<unknown> {
  const { results } = await bench.run([tool], [{ name: tool.name, arguments: { ...args } }])
  // One call, one result.
  const { result, isError } = results[0]!
  return isError ? (result as { error: { code: string } }).error.code : result
}

/** How many bodies began. */
export function begun(bench: ToolBench): number {
  return bench.trace.filter((line) => line.endsWith('+')).length
}

/** Sets aside what is asked for. */
export function granted(intent: CallIntent): CallGrant {
  return { kind: 'granted', picoDollars: intent.picoDollars }
}

/** An account that writes down what is booked. */
export function accountOf(open: (intent: CallIntent) => CallGrant, settled: CallEntry[]): CallAccount {
  return {
    tenant: 'default',
    scopes: [],
    open: async (intent) => open(intent),
    settle: (_id, entry) => void settled.push(entry),
    waiting: () => undefined,
  }
}
