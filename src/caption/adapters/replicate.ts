/**
 * Replicate: create a prediction, wait for it, poll it, cancel it when nobody waits any more.
 * Wire shape: Replicate's HTTP API reference (`predictions.create`, `.get`, `.cancel`, headers `Prefer` and `Cancel-After`).
 */
import { z } from 'zod'
import { Failure } from './failure.ts'
import { bearer, exchange, readJson, redact } from './http.ts'
import { output, type Template, templateEndpoint, withoutPrefix } from './prediction.ts'
import type { SettingsOf } from './settings.ts'
import { sleep } from './time.ts'
import type { Endpoint, Service } from './types.ts'

/** The addresses in `urls` are not used: an answer does not decide where the token goes. */
const prediction = z.object({
  id: z.string().regex(/^[\w-]{1,100}$/),
  status: z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted']),
  output: z.unknown().optional(),
  error: z.string().nullish(),
})
type Prediction = z.output<typeof prediction>

const POLL_MS = 500
const CANCEL_MS = 2000

export function replicate(settings: SettingsOf<'replicate'>, service: Service): Endpoint {
  const { url, version, model, timeout_ms, prompt, describe, answer } = settings
  const seconds = Math.ceil(timeout_ms / 1000)

  async function create(input: Template, signal: AbortSignal): Promise<Prediction> {
    const response = await exchange(service, model ? `${url}/models/${model}/predictions` : `${url}/predictions`, {
      headers: {
        ...bearer(service),
        prefer: `wait=${Math.min(60, seconds)}`,
        // Ends it at their side should our cancelling not arrive; 5 seconds are the least they take.
        'cancel-after': `${Math.max(5, seconds)}s`,
      },
      json: model ? { input } : { version, input },
      signal,
      once: true,
    })
    return readJson(response, signal, prediction)
  }

  /** A poll that fails is followed by the next one: the prediction goes on meanwhile. */
  async function finish(id: string, signal: AbortSignal): Promise<Prediction> {
    for (;;) {
      await sleep(POLL_MS, signal)
      try {
        const response = await exchange(service, `${url}/predictions/${id}`, {
          method: 'GET',
          headers: bearer(service),
          signal,
        })
        const current = await readJson(response, signal, prediction)
        if (current.status !== 'starting' && current.status !== 'processing') return current
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Failure)) throw error
        if (!error.retry) throw new Failure(error.code, error.message, { ...error, retry: false })
      }
    }
  }

  function cancel(id: string): void {
    const request = { headers: bearer(service), signal: AbortSignal.timeout(CANCEL_MS) }
    exchange(service, `${url}/predictions/${id}/cancel`, request).then(
      (response) => response.body?.cancel(),
      () => undefined,
    )
  }

  async function predict(input: Template, signal: AbortSignal): Promise<string> {
    let result = await create(input, signal)
    if (result.status === 'starting' || result.status === 'processing') {
      const { id } = result
      const leave = () => cancel(id)
      signal.addEventListener('abort', leave)
      try {
        result = await finish(id, signal)
      } finally {
        signal.removeEventListener('abort', leave)
      }
    }
    if (result.status !== 'succeeded') {
      const detail = redact(result.error, service.secret)
      throw new Failure('bad_answer', `the prediction ended as ${result.status}`, { detail })
    }
    const text = output.safeParse(result.output)
    if (!text.success) throw new Failure('bad_answer', 'the output is no text')
    return withoutPrefix(text.data)
  }

  return templateEndpoint({ prompt, describe, answer }, predict)
}
