/** What the foreign routes are given, and what each has on its request. */
import type { Clock } from '../../clock.ts'
import type { Engine } from '../../interrogator.ts'
import type { SharedState } from './shared-state.ts'

export interface CompatSettings {
  /** False switches every foreign route off. */
  compat?: boolean | undefined
}

/** A part of the app's own dependencies. */
export interface CompatDeps {
  /** The engine, loaded at the first call. */
  engine(): Promise<Engine>
  /** One line of a log, as an object. */
  log(entry: Record<string, unknown>): void
  /** What two requests share. Without it there is no queue for gradio and nothing to poll for Replicate. */
  shared?: SharedState | undefined
  settings?: CompatSettings | undefined
}

export interface CompatEnv {
  Variables: { requestId: string; clock: Clock }
}
