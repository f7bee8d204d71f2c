import { registerHooks } from 'node:module'
import { readSettings } from '../settings.ts'
import { sourceBugs } from './source-bugs.ts'

// Loaded before anything else in each thread of a worker that runs with a planted bug. The sources on the disk stay
// as they are: what is replaced is the text that Node reads.
const { bug } = readSettings()
const patches = sourceBugs.filter((patch) => patch.bug === bug)

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const due = patches.filter((patch) => url.endsWith(patch.file))
    if (due.length === 0) return loaded
    const { source: text } = loaded
    if (text === undefined || text === null) throw new Error(`${url} has no source`)
    let source = typeof text === 'string' ? text : new TextDecoder().decode(text)
    for (const { find, replace, file } of due) {
      if (!source.includes(find)) throw new Error(`bug ${bug}: ${file} no longer holds: ${find}`)
      source = source.replace(find, replace)
    }
    return { ...loaded, source }
  },
})
