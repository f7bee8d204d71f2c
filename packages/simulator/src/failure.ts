/** Codes of everything that can go wrong in the simulator itself. They are stable: tests and callers match on them. */
export type SimulatorErrorCode =
  | 'simulator.bad_answer'
  | 'simulator.bad_journal'
  | 'simulator.bad_option'
  | 'simulator.cannot_listen'
  | 'simulator.journal_unwritable'
  | 'simulator.port_in_use'
  | 'simulator.script_failed'
  | 'simulator.script_unreadable'

/**
 * An error of the simulator, recognised by its `code`. The package depends on nothing, so it has a class of its own;
 * errors that a provider would send (400, 401, 404 …) are HTTP answers and never this class.
 */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode

  constructor(code: SimulatorErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'SimulatorError'
    this.code = code
  }
}

/** The readable part of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** An option that makes no sense. */
export function badOption(name: string, expected: string): SimulatorError {
  return new SimulatorError('simulator.bad_option', `the option \`${name}\` must be ${expected}`)
}
