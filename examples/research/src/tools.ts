import { defineTool } from 'meepo'
import type { Tool } from 'meepo'
import { z } from 'zod'

import type { Library } from './library.ts'

/** What a researcher may do: look into one library. */
export function libraryTools({ documents, search }: Library): {
  readonly list: Tool
  readonly search: Tool
  readonly read: Tool
} {
  return {
    list: defineTool({
      name: 'list_documents',
      description: 'The names and titles of all documents.',
      effect: 'read',
      input: z.object({}),
      run: () => ({ documents: [...documents.values()].map(({ name, title }) => ({ name, title })) }),
    }),
    search: defineTool({
      name: 'search_documents',
      description: 'The documents in which words stand, the best first, with the lines that hold them.',
      effect: 'read',
      input: z.object({ words: z.string().min(1), most: z.int().min(1).max(20).optional() }),
      run: ({ words, most }) => ({ hits: search(words, most) }),
    }),
    read: defineTool({
      name: 'read_document',
      description: 'A whole document, line by line.',
      effect: 'read',
      input: z.object({ name: z.string() }),
      run: ({ name }) => {
        const found = documents.get(name)
        if (found === undefined) return { name, problem: 'there is no such document' }
        return { name, title: found.title, lines: found.lines.map((text, at) => ({ line: at + 1, text })) }
      },
    }),
  }
}
