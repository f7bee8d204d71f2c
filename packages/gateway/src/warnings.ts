import type { SharedV4Warning } from '@ai-sdk/provider'

import type { GatewayOptions } from './options.ts'

/** Passes the remarks of one call on. */
export type Warn = (model: string, warnings: readonly SharedV4Warning[]) => void

/** A remark that differs from call to call must not fill the memory. */
const REMEMBERED = 1_000

/** Reports each remark once per model, for the life of the gateway. */
export function createWarner(onWarning: GatewayOptions['onWarning']): Warn {
  const report =
    onWarning ?? (({ model, message }) => process.emitWarning(`${model}: ${message}`, 'MeepoGatewayWarning'))
  const seen = new Set<string>()
  return (model, warnings) => {
    for (const warning of warnings) {
      const message = textOf(warning)
      const key = `${model} ${message}`
      if (seen.has(key) || seen.size >= REMEMBERED) continue
      seen.add(key)
      report({ model, message })
    }
  }
}

function textOf(warning: SharedV4Warning): string {
  switch (warning.type) {
    case 'unsupported':
      return `the setting ${warning.feature} is ignored${warning.details === undefined ? '' : `: ${warning.details}`}`
    case 'compatibility':
      return `${warning.feature}${warning.details === undefined ? ' is emulated' : `: ${warning.details}`}`
    case 'deprecated':
      return `${warning.setting}: ${warning.message}`
    case 'other':
      return warning.message
  }
}
