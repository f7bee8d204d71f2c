import { isWorkflow, MeepoError, schedulerName, type AnyDefinition } from '@meepo/core'

/** Refuses definitions, also those that others use, with a name that the schedules of workflows have: `definition.duplicate`. */
export function checkNames(definitions: readonly AnyDefinition[]): void {
  const known = new Set<AnyDefinition>()
  const add = (definition: AnyDefinition): void => {
    if (known.has(definition)) return
    known.add(definition)
    for (const used of definition.uses ?? []) add(used)
  }
  for (const definition of definitions) add(definition)
  const taken = new Map([...known].filter(isWorkflow).map(({ name }) => [schedulerName(name), name]))
  for (const { name } of known) {
    const workflow = taken.get(name)
    if (workflow === undefined) continue
    const problem = `${name} is the name of the schedule of workflow ${workflow}: give the definition that has it another one`
    throw new MeepoError('definition.duplicate', problem, { details: { name, workflow } })
  }
}
