/**
 * Drop-in compatibility: the APIs of the programs that Termlens succeeds, at their own paths, answered by this project's engine.
 * docs/compat.md lists every route, what its clients send, and where the answer differs on purpose.
 */
import type { Env, Hono } from 'hono'
import { addA1111 } from './a1111.ts'
import { addClipInterrogatorExt } from './clip-interrogator-ext.ts'
import { createCog } from './cog.ts'
import type { CompatDeps } from './deps.ts'
import { createGradio } from './gradio.ts'
import { addSdNext } from './sdnext.ts'
import { addTagger } from './tagger.ts'
import { closeWebui, createWebui } from './webui.ts'

export type { CompatDeps, CompatSettings } from './deps.ts'
export { durableState, type ObjectNamespace, SharedStateObject } from './durable-object.ts'
export { memoryState } from './memory-state.ts'
export type { SharedState } from './shared-state.ts'

/** Mounts the foreign routes, unless `settings.compat` is false. Call it before what answers `/v1/*` and `*`. */
export function addCompat<E extends Env>(app: Hono<E>, deps: CompatDeps): void {
  if (deps.settings?.compat === false) return
  const webui = createWebui(deps)
  addA1111(webui, deps)
  addClipInterrogatorExt(webui, deps)
  addTagger(webui, deps)
  addSdNext(webui, deps)
  closeWebui(webui)
  for (const foreign of [webui, createCog(deps), createGradio(deps)]) app.route('/', foreign)
}
