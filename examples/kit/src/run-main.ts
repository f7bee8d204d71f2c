import { MeepoError } from 'meepo'

import { ExampleError } from './example-error.ts'

/**
 * Runs the main part of an example. What a user can correct is told in two lines and ends with 2, an error of the platform
 * in one and ends with 1; anything else is a mistake in the example and is thrown.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  // Whoever reads stdout has seen enough; what was done is kept.
  process.stdout.on('error', () => process.exit(141))
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort())
  process.once('SIGTERM', () => interrupt.abort())
  try {
    process.exitCode = await main(interrupt.signal)
  } catch (thrown) {
    if (thrown instanceof ExampleError) {
      process.stderr.write(`${thrown.code}: ${thrown.message}\n  ${thrown.fix.replaceAll('\n', '\n  ')}\n`)
      process.exitCode = 2
    } else if (interrupt.signal.aborted) {
      process.stderr.write('interrupted; nothing that was done is lost. The same command goes on\n')
      process.exitCode = 130
    } else if (MeepoError.is(thrown)) {
      process.stderr.write(`${thrown.code}: ${thrown.message}\n`)
      process.exitCode = 1
    } else throw thrown
  }
}
