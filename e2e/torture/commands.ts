import type { Json, Resolution, RunId } from '@meepo/core'
import type { KillOrder } from './kill-switch.ts'

/** What the parent asks a worker to do. The worker answers with the same number. */
export type Command =
  | {
      readonly kind: 'start'
      readonly definition: string
      readonly input: Json
      readonly how: 'fresh' | 'named' | 'queued'
      readonly runId: RunId
    }
  | {
      readonly kind: 'signal'
      readonly runId: RunId
      readonly name: string
      readonly value: Json
      readonly deliveryId: string
    }
  | { readonly kind: 'cancel'; readonly runId: RunId }
  | { readonly kind: 'resolve'; readonly runId: RunId; readonly step: number; readonly resolution: Resolution }
  /** Asks for what must be refused: another value of a signal, another run of the same id. */
  | { readonly kind: 'nag'; readonly runId: RunId }
  | { readonly kind: 'arm'; readonly order: KillOrder }
  | { readonly kind: 'stop' }

export interface Asked {
  readonly id: number
  readonly command: Command
}

/** What a worker sends: answers, and from time to time how many bodies run. */
export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'open'; readonly bodies: number }
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly code?: string
      readonly message?: string
      readonly runId?: RunId
    }
