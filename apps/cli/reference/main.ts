// Writes docs/reference/cli.md: npm run reference -w meepo-cli
import { writeFileSync } from 'node:fs'
import { createProgram } from '../src/program.ts'
import { referencePage } from './page.ts'

writeFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), referencePage(createProgram()))
