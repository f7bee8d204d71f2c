import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseDollars } from 'meepo'

/** What `--help` prints. */
export const usage: string = `usage: npm run demo -- [options]
  --data FOLDER      the company, as files; the shipped one unless said
  --out FOLDER       where the report goes; .meepo/demo/report unless said
  --model NAME       provider:model (openai, anthropic, google), a model of --base-url, or "offline"
  --base-url URL     an OpenAI-compatible server, for example http://127.0.0.1:11434/v1
  --budget DOLLARS   what the month may cost; it stops before it costs more, and says what was left undone
  --resume           go on with a run that stopped, failed or was cancelled, with --budget as its new budget
  --fresh            begin anew although an interrupted run could go on
  --crash            kill the run at ten points and resume it; compare with a run that nobody killed.
                     Takes the offline model and writes below .meepo/demo/crash
  --kills N          with --crash: how many of the ten, 10 unless said
  --seed N           with --crash: where exactly they are, 1 unless said
  --json             print the result as JSON on stdout
Without --model, --base-url and OPENAI_API_KEY an offline scripted model answers.`

/** The company that comes with the example. */
export const shippedData: string = join(import.meta.dirname, '../../data')

/** The command line, with paths made absolute. */
export interface DemoOptions {
  readonly data: string
  readonly out: string
  /** Holds the database; renewed by each run. */
  readonly state: string
  readonly model?: string
  readonly baseUrl?: string
  /** Dollars. */
  readonly budget?: string
  readonly isResume: boolean
  readonly isFresh: boolean
  readonly isCrash: boolean
  readonly kills: number
  readonly seed: number
  readonly isJson: boolean
}

/** A command line that makes no sense. Shaped as other errors are: a code, what is wrong, what to do next. */
export class UsageError extends Error {
  readonly code = 'erp.bad_option'
  readonly retryable = false
  readonly fix = 'See npm run demo -- --help.'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'UsageError'
  }
}

/** A folder that cannot be written. */
export class FolderError extends Error {
  readonly code = 'erp.folder_not_writable'
  readonly retryable = false
  readonly fix =
    'Name another folder with --out, start from another one, or change its permissions. Nothing has been run.'

  constructor(folder: string, cause: unknown) {
    super(`${folder}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'FolderError'
  }
}

/** Reads the command line; undefined when it asks for help. npm changes the folder: paths start from where the user is. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DemoOptions | undefined {
  const values = parse(args)
  if (values.help === true) return undefined
  const here = env['INIT_CWD'] ?? process.cwd()
  const state = join(here, '.meepo/demo')
  const baseUrl = values['base-url']
  const kills = wholeNumber('kills', values.kills, 10)
  if (kills < 1 || kills > 10) throw new UsageError('--kills takes 1 to 10')
  const isCrash = values.crash === true
  const strangers = isCrash
    ? (['out', 'model', 'base-url', 'budget', 'resume', 'fresh'] as const)
    : (['kills', 'seed'] as const)
  const stranger = strangers.find((name) => values[name] !== undefined)
  if (stranger !== undefined) {
    throw new UsageError(`--${stranger} ${isCrash ? 'does not go with' : 'is of use only with'} --crash`)
  }
  if (values.resume === true && values.fresh === true) throw new UsageError('--resume and --fresh exclude each other')
  if (values.resume === true && values.out !== undefined)
    throw new UsageError('--out does not go with --resume: the report stays where it was')
  const { budget } = values
  if (budget !== undefined) checkDollars(budget)
  return {
    data: values.data === undefined ? shippedData : resolve(here, values.data),
    out: values.out === undefined ? join(state, 'report') : resolve(here, values.out),
    state,
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(budget === undefined ? {} : { budget }),
    isResume: values.resume === true,
    isFresh: values.fresh === true,
    isCrash,
    kills,
    seed: wholeNumber('seed', values.seed, 1),
    isJson: values.json === true,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: text,
        out: text,
        model: text,
        'base-url': text,
        budget: text,
        resume: flag,
        fresh: flag,
        crash: flag,
        kills: text,
        seed: text,
        json: flag,
        help: flag,
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function checkDollars(amount: string): void {
  try {
    if (parseDollars(amount) > 0n) return
  } catch (cause) {
    throw new UsageError(`--budget takes dollars such as 0.50, found ${JSON.stringify(amount)}`, cause)
  }
  throw new UsageError('--budget takes more than nothing')
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw new UsageError(`--${name} takes a whole number, found ${JSON.stringify(text)}`)
}
