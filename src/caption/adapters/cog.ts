/**
 * A bare cog container: POST /predictions.
 * Wire shape: cog's "HTTP API" document. All slots busy is 409.
 */
import { z } from 'zod'
import { Failure } from './failure.ts'
import { bearer, exchange, readJson, redact } from './http.ts'
import { output, type Template, templateEndpoint, withoutPrefix } from './prediction.ts'
import type { SettingsOf } from './settings.ts'
import type { Endpoint, Service } from './types.ts'

const prediction = z.object({ status: z.string(), output: z.unknown().optional(), error: z.string().nullish() })

export function cog({ url, prompt, describe, answer }: SettingsOf<'cog'>, service: Service): Endpoint {
  async function predict(input: Template, signal: AbortSignal): Promise<string> {
    const request = { headers: bearer(service), json: { input }, signal, busy: 409 }
    const result = await readJson(await exchange(service, `${url}/predictions`, request), signal, prediction)
    if (result.status !== 'succeeded') {
      throw new Failure('bad_answer', 'the prediction failed', { detail: redact(result.error, service.secret) })
    }
    const text = output.safeParse(result.output)
    if (!text.success) throw new Failure('bad_answer', 'the output is no text')
    return withoutPrefix(text.data)
  }

  return templateEndpoint({ prompt, describe, answer }, predict)
}
