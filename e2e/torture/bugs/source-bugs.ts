/** A line of a source replaced by one with a bug. */
export interface SourceBug {
  readonly bug: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Bugs that can only be planted inside. Each names the line it breaks: when that changes, planting fails loudly. */
export const sourceBugs: readonly SourceBug[] = [
  {
    bug: 'no-idempotency-key',
    file: '/core/src/run/attempt.ts',
    find: '`${this.idempotencyKey}/${this.count}`',
    replace: '`${this.call.runId}/${this.#number}/${this.count}`',
  },
  {
    bug: 'no-idempotency-key',
    file: '/core/src/run/attempt.ts',
    find: 'this.#key ??= `${this.call.runId}/${this.#number}`',
    replace: 'this.#key ??= `${this.call.runId}/${this.#number}/${this.count}`',
  },
  {
    bug: 'no-wait-before-idempotent',
    file: '/core/src/run/step-entry.ts',
    find: "return (effect !== 'read' || isPaid === true) && announcesCalls !== true",
    replace: 'return (isOnce(effect) || isPaid === true) && announcesCalls !== true',
  },
  {
    bug: 'no-fencing',
    file: '/store-sqlite/src/writer/runs.ts',
    find: 'if (run.owner === undefined || run.epoch !== part.epoch) {',
    replace: 'if (run.owner === undefined) {',
  },
  {
    bug: 'unknown-retried',
    file: '/core/src/run/step-entry.ts',
    find: 'if (isOnce(this.#options.effect)) {\n      this.#announceUnknown(crashed)',
    replace: 'if (false) {\n      this.#announceUnknown(crashed)',
  },
  {
    bug: 'stale-lease',
    file: '/store-sqlite/src/writer/sql.ts',
    find: 'ready = 1, epoch = epoch + 1, place = iif(place = 1, 0, place)',
    replace: 'ready = 1, place = iif(place = 1, 0, place)',
  },
  {
    bug: 'stale-lease',
    file: '/store-sqlite/src/writer/sql.ts',
    find: "status = 'running', owner = ?, epoch = epoch + 1, ready = 0",
    replace: "status = 'running', owner = ?, epoch = max(epoch, 1), ready = 0",
  },
  {
    bug: 'stale-lease',
    file: '/store-sqlite/src/writer/leases.ts',
    find: "toClaim(found, integer(found, 'epoch') + 1)",
    replace: "toClaim(found, Math.max(1, integer(found, 'epoch')))",
  },
  {
    bug: 'completion-order-not-recorded',
    file: '/core/src/run/recording.ts',
    find: 'if (!this.#end) this.#deliveries.push(event)',
    replace:
      'if (!this.#end) this.#deliveries.push(event), this.#deliveries.sort((a, b) => a.data.number - b.data.number)',
  },
]
