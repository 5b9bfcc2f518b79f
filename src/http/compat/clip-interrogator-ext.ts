/**
 * The API of the web-UI extension clip-interrogator-ext.
 *
 * Shapes: `GET /interrogator/models` → names of OpenCLIP models. `POST /interrogator/prompt` `{image, clip_model_name, mode}` →
 * `{prompt}`, mode `fast` where none is given. `POST /interrogator/analyze` `{image, clip_model_name}` → five objects, label →
 * cosine, five labels each in rank order; labels of `artist` keep their "by" and "inspired by". The extension answers some errors
 * as a prompt inside a 200; here they have a status.
 */
import { z } from 'zod'
import { modes } from '../schemas.ts'
import type { CompatDeps } from './deps.ts'
import { Refusal } from './failure.ts'
import { type Mode, readingOf } from './reading.ts'
import { imageField, imageOf, isOpenClipName, modelNotFound, OPEN_CLIP_NAMES, type Webui, webuiBody } from './webui.ts'

const analyzeRequest = z.object({ image: imageField, clip_model_name: z.string().default('ViT-L-14/openai') })
const promptRequest = analyzeRequest.extend({ mode: z.string().default('fast') })

const BANKS = ['medium', 'artist', 'movement', 'trending', 'flavor']
const LABELS = 5

const isMode = (mode: string): mode is Mode => (modes as readonly string[]).includes(mode)

export function addClipInterrogatorExt(app: Webui, deps: CompatDeps): void {
  app.get('/interrogator/models', async (c) => c.json([...OPEN_CLIP_NAMES, (await deps.engine()).spec.name]))

  app.post('/interrogator/prompt', async (c) => {
    const { image, clip_model_name, mode } = await webuiBody(c, promptRequest)
    const reading = await readingOf(c, deps, imageOf(image))
    checkModel(clip_model_name, reading.engine.spec.name)
    if (!isMode(mode)) {
      throw new Refusal(500, '', `Unknown mode ${mode.slice(0, 64)}`)
    }
    return c.json({ prompt: (await reading.prompt(mode)).prompt })
  })

  app.post('/interrogator/analyze', async (c) => {
    const { image, clip_model_name } = await webuiBody(c, analyzeRequest)
    const reading = await readingOf(c, deps, imageOf(image))
    checkModel(clip_model_name, reading.engine.spec.name)
    const ranked = await Promise.all(BANKS.map((bank) => reading.top(bank, LABELS)))
    const objects = ranked.map((rows, n) => [
      BANKS[n],
      Object.fromEntries(rows.map(({ text, similarity }) => [text, similarity])),
    ])
    return c.json(Object.fromEntries(objects))
  })
}

function checkModel(name: string, own: string): void {
  if (name !== own && !isOpenClipName(name)) throw modelNotFound(name, 'GET /interrogator/models lists names.')
}
