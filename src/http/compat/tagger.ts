/**
 * The API of the web-UI extension stable-diffusion-webui-wd14-tagger, in its two dialects.
 *
 * Flat (toriato, the original): `{image, model, threshold}` → `{caption: {tag: confidence}}`, four ratings first, then the tags whose
 * confidence is at least the threshold, most certain first. Nested (picobyte's fork and its copies): → `{caption: {rating, tag}}`,
 * tags above the threshold in the order of the model. Nested answers are for requests that have a field of that dialect (`queue` or
 * `name_in_queue`), or that say `?dialect=nested`.
 *
 * The banks here hold no ratings. Clients read the four keys by name or by position, so they are there, each 0: nothing is claimed.
 */
import { z } from 'zod'
import type { EmbeddedTag } from '../../tasks.ts'
import type { CompatDeps } from './deps.ts'
import { Refusal } from './failure.ts'
import { readingOf } from './reading.ts'
import { fraction, imageField, imageOf, modelNotFound, type Webui, webuiBody } from './webui.ts'

const request = z.object({
  image: imageField,
  model: z.string(),
  threshold: fraction.optional(),
  queue: z.string().optional(),
  name_in_queue: z.string().optional(),
})

/** What the two dialects use where a request names no threshold. */
const FLAT_THRESHOLD = 0.35
const NESTED_THRESHOLD = 0

const RATINGS = { general: 0, sensitive: 0, questionable: 0, explicit: 0 }

/** Names that scripts have written into them, of both dialects; the model that is here answers for each. */
const ALIASES = [
  ...['wd14-convnextv2-v2', 'wd14-vit-v2', 'wd14-convnext-v2', 'wd14-swinv2-v2'].flatMap((name) => [
    name,
    `${name}-git`,
  ]),
  ...['wd14-vit', 'wd14-convnext', 'wd14-vit.v1', 'wd14-vit.v2', 'wd14-convnext.v1', 'wd14-convnext.v2'],
  ...['wd14-convnextv2.v1', 'wd14-swinv2-v1', 'wd-v1-4-moat-tagger.v2'],
]

export function addTagger(app: Webui, deps: CompatDeps): void {
  const names = async () => [(await deps.engine()).spec.name, ...ALIASES]

  app.get('/tagger/v1/interrogators', async (c) => c.json({ models: await names() }))

  app.post('/tagger/v1/interrogate', async (c) => {
    const { image, model, threshold, queue, name_in_queue } = await webuiBody(c, request)
    const nested = queue !== undefined || name_in_queue !== undefined || c.req.query('dialect') === 'nested'
    const reading = await readingOf(c, deps, imageOf(image))
    if (!(await names()).includes(model)) throw modelNotFound(model, 'GET /tagger/v1/interrogators lists them.')
    if (queue || name_in_queue)
      throw new Refusal(501, 'Queues are not supported', 'Send queue and name_in_queue empty.')
    const tags = await reading.tags()
    if (!nested) {
      const kept = tags.filter(({ confidence }) => confidence >= (threshold ?? FLAT_THRESHOLD))
      return c.json({ caption: { ...RATINGS, ...confidences(kept) } })
    }
    const kept = tags.filter(({ confidence }) => confidence > (threshold ?? NESTED_THRESHOLD))
    return c.json({ caption: { rating: RATINGS, tag: confidences(kept.sort((a, b) => a.row - b.row)) } })
  })

  // Nothing is unloaded: the model serves everyone.
  app.post('/tagger/v1/unload-interrogators', (c) => c.json('Successfully unload 0 model(s)'))
}

const confidences = (tags: readonly EmbeddedTag[]) =>
  Object.fromEntries(tags.map(({ tag, confidence }) => [tag, confidence]))
