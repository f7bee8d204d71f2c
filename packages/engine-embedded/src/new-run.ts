import {
  askedLimits,
  canonicalJson,
  childScopes,
  copyJson,
  definitionKey,
  MeepoError,
  newRunId,
  parseWith,
  rootScopes,
  startLimits,
  type AnyDefinition,
  type BlobRef,
  type CheckpointPolicy,
  type ChildStart,
  type Drive,
  type EventData,
  type Json,
  type Machine,
  type NewEvent,
  type NewRun,
  type ParentLink,
  type RunId,
  type RunLimits,
  type Stored,
  type StartOptions,
} from '@meepo/core'

/** A run to be, with its first event. */
export interface Birth {
  readonly run: NewRun
  readonly created: Extract<NewEvent, { type: 'run.created' }>
  /** The id was made for this start: no such run can exist. */
  readonly isFresh: boolean
  /** The input, by the id of its blob, if it lies in one. */
  readonly fetched: ReadonlyMap<string, Json>
}

/** Larger inputs go to the blobs. In UTF-16 units of JSON text. */
const inlineLimit = 256 * 1024
const sizeLimit = 8 * 1024 * 1024

type PutBlob = (tenant: string, text: string) => Promise<BlobRef>

/** Checks the input and makes a root run of it. */
export async function rootBirth(
  machine: Machine,
  definition: AnyDefinition,
  input: unknown,
  options: StartOptions,
  putBlob: PutBlob,
): Promise<Birth> {
  parseWith<unknown>(definition.input, input, 'input.invalid', `input of ${definition.name}`)
  const tenant = options.tenant ?? 'default'
  const copy = copyJson(input)
  const { value } = copy
  const runId = options.runId ?? newRunId(machine.scheduler.now(), machine.random)
  const sessionId = options.sessionId ?? runId
  const isFresh = options.runId === undefined
  // A fresh id cannot collide: nothing would ever compare its fingerprint.
  const fingerprint = isFresh ? '' : machine.hash(`${definitionKey(definition)}\n${canonicalJson(value)}`)
  return birth(machine, definition, {
    runId,
    isFresh,
    fingerprint,
    ...(await storeInput(copy, (text) => putBlob(tenant, text))),
    tenant,
    sessionId,
    actor: options.actor,
    parent: undefined,
    limits: startLimits(definition, askedLimits(options)),
    scopes: rootScopes(runId, { tenant, actor: options.actor, sessionId, definition: definition.name }, options.tags),
    priority: options.priority ?? 0,
    checkpoints: options.checkpoints ?? definition.checkpoints,
  })
}

/** Makes the run that a parent asked for. It lives in the parent's tenant and session, on behalf of the same actor. */
export async function childBirth(
  machine: Machine,
  parentRunId: RunId,
  parent: EventData['run.created'],
  start: ChildStart,
  putBlob: PutBlob,
): Promise<Birth> {
  const { definition, number, childId, inputHash } = start
  parseWith<unknown>(definition.input, start.input, 'input.invalid', `input of ${definition.name}`)
  return birth(machine, definition, {
    runId: start.childRunId,
    isFresh: false,
    fingerprint: `${definitionKey(definition)}/${inputHash}`,
    ...(await storeInput(copyJson(start.input), (text) => putBlob(parent.tenant, text))),
    tenant: parent.tenant,
    sessionId: parent.sessionId,
    actor: parent.actor,
    parent: { runId: parentRunId, number, childId },
    limits: start.limits,
    scopes: childScopes(start.childRunId, definition.name, parent.scopes ?? rootScopes(parentRunId, parent)),
    priority: start.priority,
    checkpoints: definition.checkpoints ?? parent.checkpoints,
  })
}

interface Parts {
  readonly runId: RunId
  readonly isFresh: boolean
  readonly fingerprint: string
  readonly input: Stored
  readonly fetched: ReadonlyMap<string, Json>
  readonly tenant: string
  readonly sessionId: string
  readonly actor: string | undefined
  readonly parent: ParentLink | undefined
  readonly limits: RunLimits
  readonly scopes: readonly string[]
  readonly priority: number
  readonly checkpoints: CheckpointPolicy | undefined
}

function birth(machine: Machine, { name, version, isWorkflow }: AnyDefinition, parts: Parts): Birth {
  const { runId, isFresh, fingerprint, input, fetched, tenant, sessionId, actor, parent, limits, scopes, priority } =
    parts
  const { deadlineAt, picoDollars } = limits
  const link = parent ? { parent } : {}
  const run: NewRun = {
    runId,
    tenant,
    definition: name,
    version,
    sessionId,
    ...link,
    priority,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(picoDollars === undefined ? {} : { picoDollars }),
    // A part of another run runs in the place of that.
    ...(isWorkflow === true && !parent ? { isWorkflow } : {}),
    fingerprint,
  }
  const data: EventData['run.created'] = {
    definition: name,
    version,
    input,
    tenant,
    sessionId,
    ...(actor === undefined ? {} : { actor }),
    ...link,
    limits,
    priority,
    scopes,
    ...(parts.checkpoints ? { checkpoints: parts.checkpoints } : {}),
  }
  return { run, isFresh, fetched, created: { type: 'run.created', at: machine.scheduler.now(), data } }
}

async function storeInput(
  { value, size }: { readonly value: Json; readonly size: number },
  putBlob: (text: string) => Promise<BlobRef>,
): Promise<{ readonly input: Stored; readonly fetched: ReadonlyMap<string, Json> }> {
  if (size <= inlineLimit) return { input: { value }, fetched: noBlobs }
  const ref = await putBlob(sized(JSON.stringify(value)))
  return { input: { ref }, fetched: new Map([[ref.blob, value]]) }
}

const noBlobs: ReadonlyMap<string, Json> = new Map()

function sized(text: string): string {
  if (text.length <= sizeLimit) return text
  throw new MeepoError('result.too_large', `the input has ${text.length} characters of JSON`)
}

/** How a run that was created here is sent away. */
export function driveOf({ run }: Birth, epoch: number, isPreviewed: boolean): Drive {
  const { runId, tenant, definition, version, priority, deadlineAt } = run
  return {
    runId,
    epoch,
    tenant,
    definition,
    version,
    priority,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(isPreviewed ? { isPreviewed } : {}),
  }
}
