/** The Worker with the memory probe in it: what it made, what it fetched, and what is left after a collection. */

import worker from '../../src/worker.ts'
import { probe, type Recorded } from './memory-probe.ts'

type Fetch = typeof worker.fetch
type Env = Parameters<Fetch>[1]

/** What a request made and fetched. */
export interface Made extends Recorded {
  /** Paths of the assets, under assets/. */
  assets: string[]
}

// The Durable Objects of the Worker, which wrangler.toml names.
export * from '../../src/worker.ts'

let last: Made | undefined

const collect = (globalThis as { gc?: () => void }).gc

async function record(...[request, env, context]: Parameters<Fetch>): Promise<Response> {
  const assets: string[] = []
  const ASSETS: Env['ASSETS'] = {
    fetch(input) {
      assets.push(new URL(input instanceof Request ? input.url : input).pathname.slice(1))
      return env.ASSETS.fetch(input)
    },
  }
  const stop = probe.record()
  try {
    return await worker.fetch(request, { ...env, ASSETS }, context)
  } finally {
    last = { ...stop(), assets }
  }
}

export default {
  /** `/bench/last`: of the request before; `/bench/live`: what is not collected; else the Worker's own. One request at a time. */
  async fetch(...args: Parameters<Fetch>): Promise<Response> {
    const { pathname } = new URL(args[0].url)
    if (pathname === '/bench/last') return Response.json(last)
    if (pathname !== '/bench/live') return record(...args)
    collect?.()
    return Response.json({ ...probe.live(), collected: collect !== undefined })
  },
}
