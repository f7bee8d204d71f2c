import type { Claim } from '../store/store.ts'

/** A run on its way to a process that drives it. Plain JSON. */
export interface Drive extends Claim {
  /** Somebody will watch the text of its model calls. */
  readonly isPreviewed?: true
}

/** What a dispatcher uses of the engine that it serves. */
export interface DriveHost {
  /**
   * Drives a run here until it waits, ends, or leaves this process in another way. A drive that comes again does no harm:
   * the run is taken over only if the process that had it shows no life any more.
   * Rejects with `engine.stopped` or `definition.unknown`: then another process is to be asked, or this one later.
   */
  drive(drive: Drive): Promise<void>
  /** Hears of trouble outside of any run. */
  notice(thrown: unknown): void
}

/**
 * Brings runs from processes that claimed or created them to processes that drive them. It may lose a drive, bring it late or
 * twice, and to two processes at once: who owns a run is decided by its lease in the store alone, and what nobody drives is
 * claimed and sent again.
 */
export interface Dispatcher {
  /** Called once, before everything else. Rejects with `engine.unreachable`. */
  begin(host: DriveHost): Promise<void>
  /** These definitions (`name@version`) can be driven here: all of them, each time there are more. Rejects with `engine.unreachable`. */
  serve(definitions: readonly string[]): Promise<void>
  /** Resolves when the drive will reach somebody though this process dies. Rejects with `engine.unreachable` or `engine.no_worker`. */
  send(drive: Drive): Promise<void>
  /** Nothing more arrives here. Drives under way have ended before. */
  stop(): Promise<void>
}
