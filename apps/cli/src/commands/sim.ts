import { Command, Option } from 'commander'
import type { Simulator, SimulatorFlags } from '@meepo/simulator'
import { onInterrupts } from '../drive/interrupts.ts'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

/** `meepo sim` */
export function simCommand(): Command {
  return new Command('sim')
    .description(
      'Play a model provider: OpenAI, Anthropic and Gemini formats, faults, limits and an invoice. Ctrl-C ends it.',
    )
    .addOption(new Option('--script <file>', 'a module that exports `script`, or JSON with a list of rules'))
    .addOption(
      new Option('--options <file>', 'JSON with rules, faults, limits, prices, providers …; other options win'),
    )
    .addOption(new Option('--port <n>', 'where it listens; 0 takes a free port').default('4010'))
    .addOption(new Option('--host <name>', 'on which address').default('127.0.0.1'))
    .addOption(new Option('--seed <n>', 'of answers, chances and jitter').default('1'))
    .addOption(new Option('--latency <list>', 'headersMs=50,firstChunkMs=20,perChunkMs=5,jitterMs=200'))
    .addOption(list('--fault <name=share>', '503=0.02 or cut-rst=0.01; may be repeated'))
    .addOption(new Option('--limit <list>', 'requestsPerMinute=60,tokensPerMinute=10000,concurrency=5'))
    .addOption(new Option('--chunk-size <n>', 'characters in a chunk of a stream'))
    .addOption(new Option('--journal <file>', 'append every request and what it costs, as JSON lines'))
    .addOption(new Option('--journal-limit <n>', 'requests kept in memory, else all'))
    .addOption(list('--api-key <key>', 'accept this key only; may be repeated'))
    .addOption(list('--model <name>', 'only this model exists; may be repeated'))
    .addOption(shared.json('where it listens'))
    .action(sim)
}

function list(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value]
  return new Option(flags, description).argParser(collect)
}

async function sim({ json, ...flags }: SimulatorFlags & { json?: boolean }): Promise<void> {
  const { SimulatorError, startFromFlags } = await import('@meepo/simulator')
  const interrupted = new Promise<void>((resolve) => {
    onInterrupts(
      () => resolve(),
      () => process.exit(130),
    )
  })
  let simulator: Simulator
  try {
    simulator = await startFromFlags(flags)
  } catch (thrown) {
    if (!(thrown instanceof SimulatorError)) throw thrown
    const { printError } = await import('../failure.ts')
    printError(terminal, thrown)
    process.exitCode = thrown.code === 'simulator.bad_option' ? 2 : 1
    return
  }
  const { url } = simulator
  terminal.out(json === true ? `${JSON.stringify({ url })}\n` : `simulator on ${url}\n`)
  if (json !== true) {
    terminal.err(`  OpenAI and Anthropic: ${url}/v1   Gemini: ${url}/v1beta   invoice: ${url}/journal\n`)
  }
  await interrupted
  await simulator.close()
  terminal.err(`${invoiceOf(simulator)}\n`)
}

/** `12 requests, 11 billed: 3000 tokens in, 400 out, 0.012500 USD` */
function invoiceOf({ journal }: Simulator): string {
  const { requests, billed, inputTokens, outputTokens, amountPico } = journal.totals()
  const micros = BigInt(amountPico) / 1_000_000n
  const dollars = `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`
  return `${requests} requests, ${billed} billed: ${inputTokens} tokens in, ${outputTokens} out, ${dollars} USD`
}
