import { registerHooks } from 'node:module'
import type { BuildBug } from './bug.ts'

/**
 * Replaces the text of built files as Node reads them; the files themselves stay as they are. Called before any of them is
 * loaded. Answers with a function that tells which replacement was never made.
 */
export function plant(patches: readonly BuildBug[]): () => readonly BuildBug[] {
  const made = new Set<BuildBug>()
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      const due = patches.filter(({ file }) => url.endsWith(file))
      if (due.length === 0) return loaded
      const { source: text } = loaded
      if (text === undefined || text === null) throw new Error(`${url} has no source`)
      let source = typeof text === 'string' ? text : new TextDecoder().decode(text)
      for (const patch of due) {
        if (!source.includes(patch.find)) throw new Error(`${patch.file} no longer holds: ${patch.find}`)
        source = source.replaceAll(patch.find, patch.replace)
        made.add(patch)
      }
      return { ...loaded, source }
    },
  })
  return () => patches.filter((patch) => !made.has(patch))
}
