import { buildBugs } from './build-bugs.ts'
import type { Bug } from './bug.ts'
import { portBugs } from './port-bugs.ts'

const bugs: Readonly<Record<string, Bug>> = { ...portBugs, ...buildBugs }

/** The names of all bugs that can be planted. */
export const bugNames: readonly string[] = Object.keys(bugs)

/** The bug of a name; throws for any other. */
export function findBug(name: string): Bug {
  const bug = bugs[name]
  if (!bug) throw new Error(`there is no bug ${name}: there are ${bugNames.join(', ')}`)
  return bug
}
