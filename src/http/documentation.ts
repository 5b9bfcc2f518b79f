/** /openapi.json: the native routes described by the schemas that validate them. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Env } from 'hono'
import {
  analyzeAnswer,
  analyzeOptions,
  askAnswer,
  askOptions,
  banksAnswer,
  captionAnswer,
  captionOptions,
  embedAnswer,
  embeddingInput,
  embedOptions,
  healthAnswer,
  interrogateAnswer,
  interrogateOptions,
  modelsAnswer,
  problem,
  tagsAnswer,
  tagsOptions,
} from './schemas.ts'

/** `/v1/interrogate` is `interrogate`. */
const nameOf = (path: string) => path.split('/').at(-1)!

const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
const file = z.string().openapi({ format: 'binary' })

/** Registers the description of every native route, and the route that serves it. */
export function documentation<E extends Env>(app: OpenAPIHono<E>): void {
  const failures = {
    default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
  }

  const post = (path: string, summary: string, options: z.ZodObject, answer: z.ZodType, takesEmbedding: boolean) => {
    const withImage = options.extend({
      image: z.string().openapi({ description: 'Base64, with or without a data URI.' }),
    })
    const withEmbedding = options.extend(embeddingInput.shape)
    app.openAPIRegistry.registerPath({
      method: 'post',
      path,
      operationId: nameOf(path),
      summary,
      request: {
        query: options,
        body: {
          required: true,
          content: {
            'multipart/form-data': { schema: options.extend({ image: file }) },
            'image/*': { schema: file },
            'application/json': { schema: takesEmbedding ? z.union([withImage, withEmbedding]) : withImage },
          },
        },
      },
      responses: { 200: { description: 'The answer', content: json(answer) }, ...failures },
    })
  }

  const get = (path: string, summary: string, answer: z.ZodType) =>
    app.openAPIRegistry.registerPath({
      method: 'get',
      path,
      operationId: nameOf(path),
      summary,
      responses: { 200: { description: 'The answer', content: json(answer) }, ...failures },
    })

  post('/v1/interrogate', 'An image becomes a prompt', interrogateOptions, interrogateAnswer, true)
  post('/v1/analyze', 'The best terms of each bank for an image', analyzeOptions, analyzeAnswer, true)
  post('/v1/embed', 'The embedding of an image', embedOptions, embedAnswer, false)
  post('/v1/caption', 'An image described by the configured captioner', captionOptions, captionAnswer, false)
  post('/v1/ask', 'A question about an image', askOptions, askAnswer, false)
  post('/v1/tags', 'Booru tags of an image', tagsOptions, tagsAnswer, true)
  get('/v1/banks', 'The term banks of the index', banksAnswer)
  get('/v1/models', 'The model of the index', modelsAnswer)
  get('/healthz', 'Whether the service is well', healthAnswer)

  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Termlens', version: '1', description: 'Reads an image and writes the prompt that would draw it.' },
  })
}
