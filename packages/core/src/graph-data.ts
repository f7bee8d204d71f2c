// The door `@meepo/core/graph-data`: graphs as data. Importing it loads the evaluator of expressions, which is why the
// main door does not.

import { loadExpressions } from './graph/data/cel.ts'

await loadExpressions()

export { loadExpressions, maxCost } from './graph/data/cel.ts'
export { analyzeGraph, type Finding } from './graph/analysis/analyze.ts'
export { estimateGraph, measuresOf, refuseOverBudget } from './graph/analysis/estimate.ts'
export { criticalPath, parallelWindows, timelineOf } from './graph/analysis/timeline.ts'
export { renderDot, renderMermaid, renderText } from './graph/render/render.ts'
export type { GraphEstimate, Range, TaskMeasures } from './graph/analysis/estimate.ts'
export type { ParallelWindow, Span } from './graph/analysis/timeline.ts'
export type { DrawnGraph } from './graph/render/render.ts'
export { compileExpression, type CompiledExpression, type Expected } from './graph/data/expression.ts'
export { graphDataJsonSchema } from './graph/data/format.ts'
export {
  graphFromData,
  parseGraphData,
  type DataGraph,
  type GraphFromDataOptions,
} from './graph/data/graph-from-data.ts'
export { graphToData } from './graph/data/graph-to-data.ts'
export { workflowFromData } from './workflow/workflow.ts'
export { cel, mapping } from './graph/data/in-code.ts'
export { checkJson, findSchemaProblems, jsonSchemaKeywords, schemaOfJson } from './graph/data/json-schema.ts'
export type { ExpressionScope } from './graph/data/cel.ts'
export type { Reads } from './graph/data/expression-rules.ts'
export type {
  AgentData,
  Expression,
  GraphData,
  JsonSchema,
  Mapping,
  RollbackData,
  TaskData,
  TaskDataSettings,
  TasksData,
  WorkData,
} from './graph/data/graph-data.ts'
export type { GraphRegistry, RegistryFunction } from './graph/data/registry.ts'
