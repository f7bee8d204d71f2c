import { definitionKey, MeepoError, type AnyDefinition, type RunSummary } from '@meepo/core'
import { knownDefinitions } from '../config/known-definitions.ts'

/** The definition that a run is pinned to. */
export function definitionOf(
  definitions: readonly AnyDefinition[],
  run: Pick<RunSummary, 'runId' | 'definition' | 'version'>,
): AnyDefinition {
  const key = definitionKey({ name: run.definition, version: run.version })
  const found = knownDefinitions(definitions).get(key)
  if (found) return found
  const message = `run ${run.runId} is pinned to ${key}, which the configuration does not have`
  throw new MeepoError('definition.unknown', message, { details: { name: key } })
}
