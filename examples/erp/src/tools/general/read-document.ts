import { z } from 'zod'

import { readText } from '../../data/documents.ts'
import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

const sizeCap = 64 * 1024

/** Reads one of the Markdown files found when the folder was loaded, so no path can lead out of it. */
export const readDocument: ErpTool = erpTool({
  name: 'read_document',
  description: 'Reads a document of the company by its path: policy.md, onboarding.md, jobs/….md or resumes/….md.',
  effect: 'read',
  input: z.strictObject({ path: z.string() }),
  output: z.strictObject({
    path: z.string(),
    text: z.string().optional(),
    isCut: z.boolean().optional(),
    error: z.string().optional(),
  }),
  run: ({ folder, documents }, { path }) => {
    if (!documents.includes(path)) return { path, error: 'there is no such document' }
    const text = readText(folder, path)
    return { path, text: text.slice(0, sizeCap), isCut: text.length > sizeCap }
  },
})
