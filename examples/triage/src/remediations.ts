import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Something that was done to a service. */
interface Remediation {
  readonly alertId: string
  readonly action: string
  readonly target: string
}

/** The world that remediations change. `apply` does it again when it is called again: who calls must know better. */
export interface World {
  /** Does it and returns a receipt. */
  apply(key: string, remediation: Remediation): string
  /** The receipt of what was done for this key. */
  receiptOf(key: string): string | undefined
}

interface Line extends Remediation {
  readonly key: string
  readonly receipt: string
}

/** A world that is a file: one line for everything that was done. A receipt counts how often that was for its alert. */
export function worldIn(file: string): World {
  const lines = (): Line[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          // Only `apply` writes this file.
          .map((line) => JSON.parse(line) as Line)
      : []
  return {
    apply: (key, remediation) => {
      mkdirSync(dirname(file), { recursive: true })
      const { alertId } = remediation
      const receipt = `CHG-${alertId}-${lines().filter((line) => line.alertId === alertId).length + 1}`
      appendFileSync(file, `${JSON.stringify({ receipt, ...remediation, key })}\n`)
      return receipt
    },
    receiptOf: (key) => lines().find((line) => line.key === key)?.receipt,
  }
}
