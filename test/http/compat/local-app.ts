/** The app with the engine of this machine, as clients in Node reach it. */

import { loadLocalEngine } from '../../../index-build/local-engine.ts'
import { createApp, type Deps } from '../../../src/http/app.ts'
import { once } from '../../../src/once.ts'

const engine = once(() => loadLocalEngine())

/** The lines that the app has logged since the last call. */
export const logged: Record<string, unknown>[] = []

export const localApp = (more: Partial<Deps> = {}) =>
  createApp({
    engine,
    state: () => ({ loaded: true, memory: {} }),
    site: async () => new Response(null, { status: 404 }),
    log: (entry) => void logged.push(entry),
    ...more,
  })
