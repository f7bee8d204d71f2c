import type { RunId } from '../base/ids.ts'
import type { EventData } from '../log/events.ts'
import type { Models } from '../model/model.ts'
import type { CallContext } from './context.ts'
import type { Recording } from './recording.ts'
import type { ToolHost } from './tool-host.ts'

/** What bodies of a run know about where they run. */
export function callContext(
  runId: RunId,
  recording: Recording,
  priority: number,
  models: Models,
  tools: ToolHost,
): CallContext {
  const { created, limits } = recording
  const { tenant, sessionId, actor, definition } = created
  return {
    tenant,
    runId,
    sessionId,
    definition,
    scopes: created.scopes ?? rootScopes(runId, created),
    priority,
    models,
    tools,
    ...(actor === undefined ? {} : { actor }),
    ...(limits.deadlineAt === undefined ? {} : { deadlineAt: limits.deadlineAt }),
  }
}

/** What the scopes of a run are made of. */
export type ScopeParts = Pick<EventData['run.created'], 'tenant' | 'actor' | 'sessionId' | 'definition'>

/** Whom the calls of a root run are charged to, widest first. */
export function rootScopes(
  runId: RunId,
  { tenant, actor, sessionId, definition }: ScopeParts,
  tags: Readonly<Record<string, string>> = {},
): readonly string[] {
  const scopes = [`tenant:${tenant}`]
  if (actor !== undefined) scopes.push(`user:${actor}`)
  scopes.push(`session:${sessionId}`, `agent:${definition}`, `workflow:${definition}`, `run:${runId}`)
  for (const [key, value] of Object.entries(tags)) scopes.push(`tag:${key}=${value}`)
  return scopes
}

/** The same calls on behalf of another agent of the run. */
export function callFor(call: CallContext, agent: string): CallContext {
  return { ...call, scopes: call.scopes.map((scope) => (scope.startsWith('agent:') ? `agent:${agent}` : scope)) }
}

/** The scopes of a run below another one: those of its parent, with its own name and itself as the innermost run. */
export function childScopes(runId: RunId, definition: string, parent: readonly string[]): readonly string[] {
  const scopes = parent.map((scope) => (scope.startsWith('agent:') ? `agent:${definition}` : scope))
  const last = scopes.findLastIndex((scope) => scope.startsWith('run:'))
  return scopes.toSpliced(last + 1, 0, `run:${runId}`)
}
