import { MeepoError } from '../base/errors.ts'
import { cloneJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import type { Stored } from '../log/events.ts'
import type { AnyDefinition } from './definition.ts'
import { inlineValue } from './entry.ts'
import type { Segment } from './recording.ts'
import { SegmentContext, type SegmentOwner } from './segment-context.ts'

/** How the code of a run ended. */
export type Returned =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'thrown'; readonly thrown: unknown }

/** What running code needs of the driver. */
export interface CodeOwner extends SegmentOwner {
  /** Code is still being driven: what it returns counts. */
  readonly isDriving: boolean
}

/** The code of one segment: called once, in the segment's first window. */
export class SegmentCode {
  isCalled = false
  /** What the code returned or threw, in a window. */
  returned: Returned | undefined = undefined
  readonly #owner: CodeOwner
  readonly #definition: AnyDefinition
  readonly #context: SegmentContext
  readonly #input: Json
  readonly #isContinued: boolean

  constructor(owner: CodeOwner, definition: AnyDefinition, segment: Segment, fetched: ReadonlyMap<string, Json>) {
    this.#owner = owner
    this.#definition = definition
    this.#input = inlineValue(segment.input, fetched)
    this.#isContinued = segment.isContinued
    this.#context = new SegmentContext(owner, segment, definition.segmentCalls)
  }

  /** Later calls get numbers behind this one. */
  jump(number: number): void {
    this.#context.jump(number)
  }

  /** Chance comes from another seed. */
  reseed(seed: string): void {
    this.#context.reseed(seed)
  }

  call(): void {
    this.isCalled = true
    this.#run().then(
      (value) => this.#settled({ kind: 'value', value }),
      (thrown: unknown) => this.#settled({ kind: 'thrown', thrown }),
    )
  }

  /** What the code returned, as its output schema has it. Throws `output.invalid`. */
  output(value: unknown): unknown {
    const { output, name } = this.#definition
    return output ? parseWith<unknown>(output, value, 'output.invalid', `output of ${name}`) : value
  }

  async #run(): Promise<unknown> {
    const { input, name } = this.#definition
    const raw = cloneJson(this.#input)
    const parsed = this.#isContinued ? raw : parseWith<unknown>(input, raw, 'input.invalid', `input of ${name}`)
    return await this.#definition.run(this.#context, parsed)
  }

  #settled(returned: Returned): void {
    if (!this.#owner.isDriving || this.#context.isOver) return
    if (this.#owner.isWindowOpen) this.returned = returned
    else
      this.#owner.fail(new MeepoError('run.foreign_await', 'the run ended after awaiting something that is not a Task'))
  }
}

/** A segment of which nothing is recorded yet. */
export function newSegment(
  input: Stored,
  isContinued: boolean,
  seed: string,
  patches: readonly string[],
  startedAt: number,
  numberBefore: number,
): Segment {
  return {
    input,
    isContinued,
    seed,
    patches,
    startedAt,
    tasks: noTasks,
    deliveries: [],
    reports: 0,
    numberBefore,
    jumps: [],
    reseeds: [],
  }
}

const noTasks: Segment['tasks'] = new Map()
