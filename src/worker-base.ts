/** What both Workers entries share: assets from the binding, one engine an isolate, the app around it. */
import type { ExecutionContext } from 'hono'
import { type AiBinding, configure } from './caption/index.ts'
import { loadEngine, type ReadAsset } from './engine.ts'
import { createApp } from './http/app.ts'
import { durableState, type ObjectNamespace } from './http/compat/index.ts'
import type { ImagesBinding } from './images-binding.ts'
import { once } from './once.ts'
import relaxedKernel from './term-index/kernel/kernel-relaxed.wasm'
import type { ModelSpec } from './types.ts'
import type { Vision } from './vision.ts'

export interface WorkerEnv {
  ASSETS: { fetch(input: Request | URL | string): Promise<Response> }
  /** What two requests of a foreign API share; optional. */
  TERMLENS_STATE?: ObjectNamespace
  /** `false` switches the foreign APIs off. */
  TERMLENS_COMPAT?: string
  /** Endpoints that describe, answer and tag, as JSON: docs/captioning.md. */
  TERMLENS_CAPTIONERS?: string
  /** Cloudflare Images: reads HEIC and pictures over a cap; optional. */
  IMAGES?: ImagesBinding
  /** Workers AI; optional. */
  AI?: AiBinding
  /** Secrets, by the names that TERMLENS_CAPTIONERS gives. */
  [name: string]: unknown
}

/** How an entry sees pictures; the free entry does not. */
export interface Sight {
  createVision(spec: ModelSpec, read: ReadAsset, env: WorkerEnv): Vision
  heapBytes(): number
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

export function createWorker(sight?: Sight) {
  let vision: Vision | undefined
  let indexBytes = 0

  const createHandler = (env: WorkerEnv) => {
    const { ASSETS, TERMLENS_STATE, TERMLENS_COMPAT } = env
    const log = (entry: Record<string, unknown>) => console.log(JSON.stringify(entry))
    // Endpoints are shown pictures, which an entry without sight cannot read.
    const configured = sight && configure(env.TERMLENS_CAPTIONERS, { secret: (name) => textOf(env[name]), ai: env.AI })
    if (configured?.mistake) {
      const { code, message, hint } = configured.mistake
      log({ level: 'error', code, message, hint })
    }
    const read: ReadAsset = (path) => ASSETS.fetch(new URL(path, 'https://assets.local'))
    return createApp({
      engine: once(async () => {
        const engine = await loadEngine(read, relaxedKernel)
        indexBytes = engine.bytes
        vision = sight?.createVision(engine.spec, read, env)
        return vision ? { ...engine, ...configured, see: vision, look: vision.look } : engine
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
      log,
      shared: TERMLENS_STATE && durableState(TERMLENS_STATE),
      // Foreign clients send pictures, which an entry without sight cannot read.
      settings: { compat: sight !== undefined && TERMLENS_COMPAT !== 'false' },
    })
  }

  let handler: ReturnType<typeof createHandler> | undefined

  return {
    async fetch(request: Request, env: WorkerEnv, context: Pick<ExecutionContext, 'waitUntil'>): Promise<Response> {
      handler ??= createHandler(env)
      const answer = Promise.resolve(handler.fetch(request, env, context as ExecutionContext))
      // A load that this request began is shared: it goes on when this client leaves.
      context.waitUntil(answer.catch(() => undefined))
      return answer
    },
  }
}
