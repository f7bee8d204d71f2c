import { engineCases } from '@meepo/core/testing'
import { test } from 'vitest'
import { runOnSqlite } from './case-on-sqlite.ts'

test.each(engineCases)('on SQLite: $name', runOnSqlite)
