import { expect, test } from 'vitest'
import { z } from 'zod'
import { define } from '../../run/definition.ts'
import { defineTool } from '../../tool/tool.ts'
import { defineGraph } from '../graph.ts'
import { task } from '../task.ts'
import { renderDot, renderMermaid, renderText } from './render.ts'

const work = define({ name: 'work', input: z.unknown(), run: async () => 1 })
const look = defineTool({ name: 'look', description: 'x', effect: 'read', input: z.unknown(), run: () => 1 })

const { graph } = defineGraph({
  name: 'a "quoted" <name>'.replaceAll(/[^a-z]/g, '.'),
  tasks: {
    load: task({ run: work, onRollback: async () => 1 }),
    check: task({ needs: ['load'], tool: look, when: () => true, optional: true }),
    each: task({ needs: ['load'], run: async () => 1, forEach: () => [1] }),
    rounds: task({ needs: ['load'], run: async () => 1, repeat: { until: () => true, maxTimes: 1 } }),
    ask: task({ needs: ['check', 'each'], signal: 'say "yes" & <go>', join: 'any' }),
    two: task({ needs: ['check', 'each'], timer: 5, join: { atLeast: 2 }, when: () => true }),
    end: task({ needs: ['ask', 'two'], timer: () => 5, join: 'settled' }),
  },
})

test('text tells each task in its level, with what it does and when', () => {
  expect(renderText(graph)).toMatchInlineSnapshot(`
    "graph a..quoted...name.: 7 tasks in 4 levels
    level 1
      load    runs work, can be undone
    level 2
      check   calls look, after load, if a condition holds, optional
      each    runs a function, after load, for each item
      rounds  runs a function, after load, up to 1 time
    level 3
      ask     waits for say "yes" & <go>, after any of check, each
      two     waits 5 ms, after 2 of check, each, if a condition holds
    level 4
      end     waits a while, after the end of ask, two
    "
  `)
  expect(renderText(defineGraph({ name: 'one', tasks: { a: task({ run: work }) } }).graph)).toBe(
    'graph one: 1 task in 1 level\nlevel 1\n  a  runs work\n',
  )
})

test('Mermaid draws boxes, waits and dashed arrows, and quotes what would end a label', () => {
  expect(renderMermaid(graph)).toMatchInlineSnapshot(`
    "flowchart TD
      t0["load<br/>runs work"]
      t1[["check<br/>calls look"]]
      t2[["each<br/>runs a function"]]
      t3[["rounds<br/>runs a function"]]
      t4(["ask<br/>waits for say #quot;yes#quot; #amp; #lt;go#gt;"])
      t5(["two<br/>waits 5 ms"])
      t6(["end<br/>waits a while"])
      t0 -->|"if"| t1
      t0 --> t2
      t0 --> t3
      t1 -.->|"any"| t4
      t2 -.->|"any"| t4
      t1 -.->|"at least 2, if"| t5
      t2 -.->|"at least 2, if"| t5
      t4 -.->|"settled"| t6
      t5 -.->|"settled"| t6
    "
  `)
})

test('DOT does as well', () => {
  expect(renderDot(graph)).toMatchInlineSnapshot(`
    "digraph "a..quoted...name." {
      rankdir=TB;
      t0 [label="load\\nruns work", shape=box];
      t1 [label="check\\ncalls look", shape=component, style=dashed];
      t2 [label="each\\nruns a function", shape=component];
      t3 [label="rounds\\nruns a function", shape=component];
      t4 [label="ask\\nwaits for say \\"yes\\" & <go>", shape=ellipse];
      t5 [label="two\\nwaits 5 ms", shape=ellipse];
      t6 [label="end\\nwaits a while", shape=ellipse];
      t0 -> t1 [label="if"];
      t0 -> t2;
      t0 -> t3;
      t1 -> t4 [label="any", style=dashed];
      t2 -> t4 [label="any", style=dashed];
      t1 -> t5 [label="at least 2, if", style=dashed];
      t2 -> t5 [label="at least 2, if", style=dashed];
      t4 -> t6 [label="settled", style=dashed];
      t5 -> t6 [label="settled", style=dashed];
    }
    "
  `)
})
