// The door `meepo/files`: graphs in YAML and JSON files. Importing it loads the evaluator of expressions and the parser
// of YAML.

export { graphToYaml, parseGraphFile, readGraphFile, type GraphFileOptions } from './graph-file.ts'
export { findGraphFiles, isGraphFile, loadGraphFiles } from './graph-folder.ts'
export { maxFileBytes, parseYaml, type YamlFile } from './yaml.ts'
export {
  analyzeGraph,
  cel,
  estimateGraph,
  graphDataJsonSchema,
  graphFromData,
  graphToData,
  mapping,
  measuresOf,
  refuseOverBudget,
  renderDot,
  renderMermaid,
  renderText,
} from '@meepo/core/graph-data'
export type {
  AgentData,
  DataGraph,
  Finding,
  GraphData,
  GraphEstimate,
  GraphRegistry,
  TaskData,
} from '@meepo/core/graph-data'
