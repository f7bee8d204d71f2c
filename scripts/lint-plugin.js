// Lint rules that oxlint does not bring. Loaded by .oxlintrc.json as the plugin `meepo`.

/** `export * from` hides what a package promises; a door lists its names. */
const noExportStar = {
  create(context) {
    return {
      ExportAllDeclaration(node) {
        context.report({ node, message: 'Name every export: `export *` hides what this file promises.' })
      },
    }
  },
}

/** The current date is a clock. A date made from a value is only a value, so `new Date(ms)` passes. */
const noAmbientDate = {
  create(context) {
    const report = (node) =>
      context.report({ node, message: 'This code knows no clock: take the time from the Scheduler port.' })
    return {
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) report(node)
      },
      CallExpression(node) {
        if (isDate(node.callee)) report(node)
      },
    }
  },
}

/** `v8 ignore`, `oxlint-disable` and `@ts-expect-error` say why, as ` -- reason` or as further words. */
const reasonedIgnore = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const text = comment.value.trim()
          const marker = /^(?:v8 ignore|istanbul ignore|c8 ignore|oxlint-disable|eslint-disable|@ts-expect-error)/.test(
            text,
          )
          if (!marker || /^(?:v8 ignore stop|oxlint-enable)/.test(text)) continue
          const reason = /\s--\s*(.+)$/s.exec(text)?.[1] ?? ''
          if (reason.trim().split(/\s+/).length < 3) {
            context.report({ loc: comment.loc, message: 'An ignored line carries its reason: `-- why it is right`.' })
          }
        }
      },
    }
  },
}

function isDate(node) {
  return node.type === 'Identifier' && node.name === 'Date'
}

export default {
  meta: { name: 'meepo' },
  rules: {
    'no-export-star': noExportStar,
    'no-ambient-date': noAmbientDate,
    'reasoned-ignore': reasonedIgnore,
  },
}
