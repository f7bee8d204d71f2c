// The short form of engine-cases-sqlite.long.test.ts: every fourth case.
import { engineCases } from '@meepo/core/testing'
import { test } from 'vitest'
import { runOnSqlite } from './case-on-sqlite.ts'

const some = engineCases.filter((_, index) => index % 4 === 0)

test.each(some)('on SQLite: $name', runOnSqlite)
