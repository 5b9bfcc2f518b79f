/**
 * The APIs of the Stable Diffusion web UIs: A1111's interrogator, SD.Next's captioners, the tagger extension.
 * Wire shapes: the pydantic models of those programs, in our words in docs/compat.md: A1111, SD.Next old and new,
 * and the tagger extension with its flat and nested dialect. All of them report some errors inside a 200.
 */
import { z } from 'zod'
import { Failure } from './failure.ts'
import { exchange, readJson } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { checkTags, scores, splitTags } from './tags.ts'
import { cleanTexts, DEFAULT_PROMPT, several, toBase64 } from './text.ts'
import type { Endpoint, Picture, Service } from './types.ts'

const captioned = z.object({ caption: z.string() })
const answered = z.object({ answer: z.string() })
const scored = z.object({ scores })
/** The two dialects of the tagger extension: ratings apart from tags, or among them. */
const extension = z.object({
  caption: z.union([
    z.object({ rating: scores, tag: scores }).transform(({ rating, tag }) => checkTags({ rating, tags: tag })),
    scores.transform(splitTags),
  ]),
})

/** A1111 ends a caption with `<error>`; SD.Next and the extension answer with the exception as the text. */
const ERROR_TEXT = /<error>\s*$|^\s*(CLIP error:|Error:|Exception <class|Ran out of VRAM)/

/** The A1111 family's own credentials are HTTP Basic: the secret is `user:password`. */
const basic = ({ secret }: Service): Record<string, string> =>
  secret === undefined ? {} : { authorization: `Basic ${toBase64(new TextEncoder().encode(secret))}` }

export function sdapi(settings: SettingsOf<'sdapi'>, service: Service): Endpoint {
  const { url, describe, answer, tag } = settings

  const post = async <T>(route: string, json: unknown, signal: AbortSignal, schema: z.ZodType<T>): Promise<T> =>
    readJson(await exchange(service, `${url}${route}`, { headers: basic(service), json, signal }), signal, schema)

  const model = (name: string | undefined) => (name === undefined ? {} : { model: name })

  async function vqa(image: Picture, question: string, name: string | undefined, signal: AbortSignal): Promise<string> {
    const json = { image: toBase64(image.bytes), ...model(name), question }
    return checkText((await post('/sdapi/v1/vqa', json, signal, answered)).answer)
  }

  async function caption(
    image: Picture,
    question: string,
    limit: number | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const base64 = toBase64(image.bytes)
    if (describe!.route === 'interrogate') {
      const json = { image: base64, model: describe!.model ?? 'clip' }
      return checkText((await post('/sdapi/v1/interrogate', json, signal, captioned)).caption)
    }
    if (describe!.route === 'vqa') return vqa(image, question, describe!.model, signal)
    const length = limit === undefined ? {} : { max_tokens: limit }
    const json = {
      backend: 'vlm',
      image: base64,
      ...model(describe!.model),
      question: 'Use Prompt',
      prompt: question,
      ...length,
    }
    return checkText((await post('/sdapi/v1/caption', json, signal, answered)).answer)
  }

  return {
    ...(describe && {
      describe: async ({ image, prompt, max_length, n, signal }) => {
        const question = prompt ?? settings.prompt ?? DEFAULT_PROMPT
        return cleanTexts(await several(n, () => caption(image, question, max_length, signal)))
      },
    }),
    ...(answer && {
      answer: async ({ image, question, n, signal }) => {
        const texts = cleanTexts(await several(n, () => vqa(image, question, answer.model, signal)))
        return texts.map((text) => ({ text }))
      },
    }),
    ...(tag && {
      tag: async ({ image, signal }) => {
        const base64 = toBase64(image.bytes)
        if (tag.route === 'extension') {
          const json = { image: base64, model: tag.model, threshold: 0 }
          return (await post('/tagger/v1/interrogate', json, signal, extension)).caption
        }
        const json = {
          image: base64,
          model: tag.model,
          threshold: 0,
          character_threshold: 0,
          max_tags: 512,
          include_rating: true,
          use_spaces: false,
          escape_brackets: false,
          show_scores: true,
        }
        return splitTags((await post('/sdapi/v1/tagger', json, signal, scored)).scores)
      },
    }),
  }
}

function checkText(text: string): string {
  if (ERROR_TEXT.test(text)) throw new Failure('bad_answer', 'the answer is an error in place of a text')
  return text
}
