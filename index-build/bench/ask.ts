/** One request for a prompt, from the client's side. */
import type { Workerd } from './wrangler.ts'

export interface Asked {
  /** Milliseconds of each stage as the Worker counted them, without `_ms`; one that took less than a tick is not there. */
  stages: Record<string, number>
  /** Milliseconds that the client waited. */
  waited: number
}

/** @throws Error where there is no prompt */
export async function ask({ url }: Workerd, image: Uint8Array<ArrayBuffer>): Promise<Asked> {
  const begin = performance.now()
  const response = await fetch(new URL('/v1/interrogate', url), { method: 'POST', body: image })
  const answer = await response.text()
  const waited = performance.now() - begin
  if (!response.ok) throw new Error(`The Worker answered ${response.status}: ${answer}`)
  const { timings } = JSON.parse(answer) as { timings: Record<string, number> }
  const stages = Object.entries(timings).map(([name, ms]) => [name.replace(/_ms$/, ''), ms] as const)
  return { stages: Object.fromEntries(stages), waited }
}

/** The JSON at a path. */
export const getJson = async <T>({ url }: Workerd, path: string): Promise<T> =>
  (await (await fetch(new URL(path, url))).json()) as T
