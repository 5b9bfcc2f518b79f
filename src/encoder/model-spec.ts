/** Reads and checks a ModelSpec: the JSON file beside a model's weights. */
import { z } from 'zod'
import { TermlensError } from '../errors.ts'
import type { ModelSpec } from '../types.ts'

const triple = z.tuple([z.number(), z.number(), z.number()])

const tower = z.object({
  file: z.string(),
  format: z.enum(['onnx', 'ort']),
  input_ids: z.string(),
  attention_mask: z.string().nullable(),
  output: z.string(),
  max_tokens: z.int().min(2),
  tokenizer: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})

const schema: z.ZodType<ModelSpec> = z.object({
  name: z.string().min(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  embedding_size: z.int().min(1).max(4096),
  vision: z.object({ file: z.string(), format: z.enum(['onnx', 'ort']), input: z.string(), output: z.string() }),
  image: z.object({
    size: z.int().min(1).max(1024),
    resize: z.enum(['shortest', 'squash', 'pad']),
    interpolation: z.enum(['bicubic', 'bilinear']),
    mean: triple,
    std: triple,
  }),
  similarity: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('cosine') }),
    z.object({ kind: z.literal('sigmoid'), scale: z.number(), bias: z.number() }),
  ]),
  text: z.object({
    cache: z.string().exactOptional(),
    labels: z.string().exactOptional(),
    tower: tower.exactOptional(),
    gloss: z.string().nullable(),
  }),
  license: z.string(),
  card: z.string(),
})

/** @throws TermlensError `model_load_failed`, naming the member that is wrong */
export function parseModelSpec(json: unknown): ModelSpec {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new TermlensError('model_load_failed', `model.json: ${issue?.path.join('.')}: ${issue?.message}`)
}
