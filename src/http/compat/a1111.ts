/**
 * AUTOMATIC1111's `POST /sdapi/v1/interrogate`, and what its clients ask to find out whether a server is there.
 *
 * Shape: `{image, model}` → `{caption}`, one text whichever model answers. `clip` is a caption, then the best label of each bank in
 * the order of a folder: artists, flavors, mediums, movements, without "by". `deepdanbooru` is tags above 0.5, in alphabetical
 * order, with spaces for underscores and escaped brackets: that program's own defaults.
 */
import { z } from 'zod'
import type { CompatDeps } from './deps.ts'
import { readingOf } from './reading.ts'
import { byName, escapeBrackets } from './tags.ts'
import { imageField, imageOrAddress, modelNotFound, type Webui, webuiBody } from './webui.ts'

const request = z.object({ image: imageField, model: z.string().default('clip') })

const BANKS = ['artist', 'flavor', 'medium', 'movement']
const THRESHOLD = 0.5

export function addA1111(app: Webui, deps: CompatDeps): void {
  app.post('/sdapi/v1/interrogate', async (c) => {
    const { image, model } = await webuiBody(c, request)
    // As there: a picture that cannot be decoded is told before a model that is unknown.
    const reading = await readingOf(c, deps, imageOrAddress(image))
    if (model === 'clip') {
      const { caption } = await reading.prompt('caption')
      const best = await Promise.all(BANKS.map((bank) => reading.top(bank, 1)))
      return c.json({ caption: [caption.text, ...best.flat().map(({ term }) => term)].join(', ') })
    }
    if (model === 'deepdanbooru') {
      const tags = (await reading.tags()).filter(({ confidence }) => confidence >= THRESHOLD).sort(byName)
      return c.json({ caption: tags.map(({ tag }) => escapeBrackets(tag.replaceAll('_', ' '))).join(', ') })
    }
    throw modelNotFound(model, 'The models are clip and deepdanbooru.')
  })

  app.get('/sdapi/v1/options', (c) => c.json(OPTIONS))
  app.get('/sdapi/v1/sd-models', (c) => c.json([]))
  app.get('/sdapi/v1/scripts', (c) => c.json({ txt2img: [], img2img: [] }))
  app.get('/sdapi/v1/progress', (c) => c.json(IDLE))
}

/** That program's options about interrogation, with the values that hold here. */
const OPTIONS = {
  sd_model_checkpoint: null,
  interrogate_return_ranks: false,
  interrogate_clip_num_beams: 1,
  interrogate_clip_skip_categories: [],
  interrogate_deepbooru_score_threshold: THRESHOLD,
  deepbooru_sort_alpha: true,
  deepbooru_use_spaces: true,
  deepbooru_escape: true,
  deepbooru_filter_tags: '',
}

const IDLE = {
  progress: 0,
  eta_relative: 0,
  state: { skipped: false, interrupted: false, job: '', job_count: 0, job_no: 0, sampling_step: 0, sampling_steps: 0 },
  current_image: null,
  textinfo: null,
}
