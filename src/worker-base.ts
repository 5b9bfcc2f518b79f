/** What both Workers entries share: assets from the binding, one engine an isolate, the app around it. */
import type { ExecutionContext } from 'hono'
import { loadEngine, type ReadAsset } from './engine.ts'
import { createApp } from './http/app.ts'
import { durableState, type ObjectNamespace } from './http/compat/index.ts'
import { once } from './once.ts'
import type { ModelSpec } from './types.ts'
import type { Vision } from './vision.ts'

export interface WorkerEnv {
  ASSETS: { fetch(input: Request | URL | string): Promise<Response> }
  /** What two requests of a foreign API share; optional. */
  TERMLENS_STATE?: ObjectNamespace
  /** `false` switches the foreign APIs off. */
  TERMLENS_COMPAT?: string
}

/** How an entry sees pictures; the free entry does not. */
export interface Sight {
  createVision(spec: ModelSpec, read: ReadAsset): Vision
  heapBytes(): number
}

export function createWorker(sight?: Sight) {
  let vision: Vision | undefined
  let indexBytes = 0

  const createHandler = ({ ASSETS, TERMLENS_STATE, TERMLENS_COMPAT }: WorkerEnv) => {
    const read: ReadAsset = (path) => ASSETS.fetch(new URL(path, 'https://assets.local'))
    return createApp({
      engine: once(async () => {
        const engine = await loadEngine(read)
        indexBytes = engine.bytes
        vision = sight?.createVision(engine.spec, read)
        return vision ? { ...engine, see: vision } : engine
      }),
      state: () => ({
        loaded: vision?.loaded() ?? false,
        memory: { encoder: sight?.heapBytes() ?? 0, index: indexBytes },
      }),
      site: (request) => {
        const url = new URL(request.url)
        if (url.pathname === '/') url.pathname = '/site/'
        return ASSETS.fetch(new Request(url, request))
      },
      log: (entry) => console.log(JSON.stringify(entry)),
      shared: TERMLENS_STATE && durableState(TERMLENS_STATE),
      // Foreign clients send pictures, which an entry without sight cannot read.
      settings: { compat: sight !== undefined && TERMLENS_COMPAT !== 'false' },
    })
  }

  let handler: ReturnType<typeof createHandler> | undefined

  return {
    async fetch(request: Request, env: WorkerEnv, context: ExecutionContext): Promise<Response> {
      handler ??= createHandler(env)
      const answer = Promise.resolve(handler.fetch(request, env, context))
      // A load that this request began is shared: it goes on when this client leaves.
      context.waitUntil(answer.catch(() => undefined))
      return answer
    },
  }
}
