/** The web-UI family in workerd: A1111, clip-interrogator-ext, the tagger extension, SD.Next. */
import { describe, expect, test } from 'vitest'
import { address, base64, body, dataUri, get, post, readable, unreadable } from './call.ts'

type Numbers = Record<string, number>

/** Routes that take a picture, with a body that is right but for the picture. */
const routes: [path: string, rest: object][] = [
  ['/sdapi/v1/interrogate', { model: 'clip' }],
  ['/interrogator/prompt', {}],
  ['/interrogator/analyze', {}],
  ['/tagger/v1/interrogate', { model: 'wd14-vit-v2-git' }],
  ['/sdapi/v1/openclip', {}],
  ['/sdapi/v1/tagger', {}],
  ['/sdapi/v1/caption', { backend: 'openclip' }],
]

async function expectError(response: Response, status: number, detail: string) {
  const error = await body<Record<string, string>>(response, status)
  expect(error).toEqual({ error: 'HTTPException', detail, body: '', errors: expect.any(String) })
  expect(response.headers.get('X-Process-Time')).toMatch(/^\d+\.\d{4}$/)
  return error
}

describe.each(routes)('%s', (path, rest) => {
  test.each(Object.entries(readable))('reads %s', async (_, image) => {
    const response = await post(path, { image, ...rest })
    expect(response.status).toBe(200)
    expect(response.headers.get('X-Process-Time')).toMatch(/^\d+\.\d{4}$/)
    expect(response.headers.get('X-Termlens-Model')).toMatch(/^termlens-.*@[0-9a-f]{12}$/)
  })

  test.each(Object.entries(unreadable))('%s is 500 Invalid encoded image', async (what, image) => {
    const short = path.match(/openclip|sdapi\/v1\/(tagger|caption)/) && what === 'an empty text'
    const [status, detail] = short ? [404, 'Image not found'] : [500, 'Invalid encoded image']
    const { errors } = await expectError(await post(path, { image, ...rest }), status as number, detail as string)
    expect(errors).not.toBe('')
  })

  test('null is 404, an address is refused, wrong types are 422 as a list', async () => {
    await expectError(await post(path, { image: null, ...rest }), 404, 'Image not found')
    const refused = path === '/sdapi/v1/interrogate' ? 'Requests not allowed' : 'Invalid encoded image'
    const { errors } = await expectError(await post(path, { image: address, ...rest }), 500, refused)
    expect(errors).toContain('Send the image itself')
    const { detail } = await body<{ detail: { loc: unknown[]; msg: string; type: string }[] }>(
      post(path, { image: 7, ...rest }),
      422,
    )
    expect(detail).toEqual([{ loc: ['body', 'image'], msg: 'Input should be a valid string', type: 'string_type' }])
    expect((await body<{ detail: { type: string }[] }>(post(path, '{'), 422)).detail[0]?.type).toBe('json_invalid')
    expect((await body<{ detail: { type: string }[] }>(post(path, ''), 422)).detail[0]?.type).toBe('missing')
    expect((await post(path, '[]')).status).toBe(422)
  })

  test('fields that it does not know are ignored, and another method is 405', async () => {
    expect((await post(path, { image: base64, override_settings: {}, ...rest })).status).toBe(200)
    const refused = await post(path, {}, {}, 'DELETE')
    expect(refused.status).toBe(405)
    expect(refused.headers.get('Allow')).toContain('POST')
    expect(await refused.json()).toEqual({ detail: 'Method Not Allowed' })
  })
})

test('more than 8 MB of picture is 413, with the reason', async () => {
  const error = await body<Record<string, string>>(
    post('/sdapi/v1/interrogate', { image: 'A'.repeat(11_000_000) }),
    413,
  )
  expect(error.errors).toContain('at most 8 MB')
})

describe('A1111', () => {
  test('clip: the caption, then one label of each of four banks, artists without "by"', async () => {
    const { caption } = await body<{ caption: string }>(post('/sdapi/v1/interrogate', { image: dataUri }))
    const analyzed = await body<Record<string, Numbers>>(post('/interrogator/analyze', { image: dataUri }))
    const top = (bank: string) => Object.keys(analyzed[bank]!)[0]!.replace(/^(inspired )?by /, '')
    expect(caption.split(', ').slice(-4)).toEqual(['artist', 'flavor', 'medium', 'movement'].map(top))
  })

  test('deepdanbooru: tags with spaces, in alphabetical order', async () => {
    const { caption } = await body<{ caption: string }>(
      post('/sdapi/v1/interrogate', { image: base64, model: 'deepdanbooru' }),
    )
    const tags = caption.split(', ')
    expect(tags).toContain('chair')
    expect(tags).toEqual(tags.toSorted())
    expect(caption).not.toContain('_')
  })

  test('another model is 404, but a picture that cannot be decoded is told first', async () => {
    await expectError(await post('/sdapi/v1/interrogate', { image: base64, model: 'CLIP' }), 404, 'Model not found')
    await expectError(await post('/sdapi/v1/interrogate', { model: 'x' }), 500, 'Invalid encoded image')
  })

  test('what clients ask to find the server', async () => {
    for (const path of ['options', 'sd-models', 'scripts', 'progress']) await body(get(`/sdapi/v1/${path}`))
    expect(await body(get('/sdapi/v1/nothing'), 404)).toEqual({ detail: 'Not Found' })
  })
})

describe('clip-interrogator-ext', () => {
  test('models, and every mode', async () => {
    const models = await body<string[]>(get('/interrogator/models'))
    expect(models).toContain('ViT-L-14/openai')
    const prompts = new Map<string, string>()
    for (const mode of ['best', 'caption', 'classic', 'fast', 'negative']) {
      const asked = { image: base64, clip_model_name: models.at(-1), mode }
      prompts.set(mode, (await body<{ prompt: string }>(post('/interrogator/prompt', asked))).prompt)
    }
    expect(new Set(prompts.values()).size).toBe(5)
    const byDefault = await body<{ prompt: string }>(post('/interrogator/prompt', { image: base64 }))
    expect(byDefault.prompt).toBe(prompts.get('fast'))
    expect(prompts.get('fast')!.startsWith(prompts.get('caption')!)).toBe(true)
  })

  test('analyze: five objects of five cosines, in rank order', async () => {
    const answer = await body<Record<string, Numbers>>(post('/interrogator/analyze', { image: base64 }))
    expect(Object.keys(answer)).toEqual(['medium', 'artist', 'movement', 'trending', 'flavor'])
    for (const labels of Object.values(answer)) {
      const cosines = Object.values(labels)
      expect(cosines).toHaveLength(5)
      expect(cosines).toEqual(cosines.toSorted((a, b) => b - a))
      for (const cosine of cosines) expect(Math.abs(cosine)).toBeLessThan(1)
    }
    for (const label of Object.keys(answer.artist!)) expect(label).toMatch(/^(inspired )?by /)
  })

  test('what that program answers inside a 200 has a status', async () => {
    const unknown = await post('/interrogator/prompt', { image: base64, mode: 'slow' })
    expect((await expectError(unknown, 500, '')).errors).toBe('Unknown mode slow')
    const model = { image: base64, clip_model_name: 'no slash' }
    await expectError(await post('/interrogator/prompt', model), 404, 'Model not found')
  })
})

describe('tagger', () => {
  const RATINGS = ['general', 'sensitive', 'questionable', 'explicit']
  const ask = async (more: object) => {
    const asked = { image: base64, model: 'wd14-vit-v2-git', ...more }
    return (await body<{ caption: Numbers }>(post('/tagger/v1/interrogate', asked))).caption
  }

  test('flat: ratings, then the tags from the threshold upward, most certain first', async () => {
    const caption = await ask({})
    expect(Object.keys(caption).slice(0, 4)).toEqual(RATINGS)
    const confidences = Object.values(caption).slice(4)
    expect(confidences).toEqual(confidences.toSorted((a, b) => b - a))
    expect(Math.min(...confidences)).toBeGreaterThanOrEqual(0.35)
    expect(caption.chair).toBeGreaterThan(0.5)
    const all = await ask({ threshold: 0 })
    expect(Object.keys(all).length).toBeGreaterThan(1000)
    const exactly = Object.values(await ask({ threshold: caption.chair })).slice(4)
    expect(Math.min(...exactly)).toBe(caption.chair)
  })

  test('nested: by a field of that dialect or by the query, every tag above 0, in the order of the model', async () => {
    const nested = (await ask({ queue: '', name_in_queue: '' })) as unknown as Record<string, Numbers>
    expect(Object.keys(nested)).toEqual(['rating', 'tag'])
    expect(Object.keys(nested.rating!)).toEqual(RATINGS)
    expect(Object.keys(nested.tag!).length).toBeGreaterThan(1000)
    const asked = { image: base64, model: 'wd14-vit.v2', threshold: nested.tag!.chair }
    const strict = await body<{ caption: { tag: Numbers } }>(post('/tagger/v1/interrogate?dialect=nested', asked))
    expect(strict.caption.tag.chair).toBeUndefined()
  })

  test('models, and what is refused', async () => {
    const { models } = await body<{ models: string[] }>(get('/tagger/v1/interrogators'))
    expect(models).toContain('wd14-vit-v2-git')
    await expectError(await post('/tagger/v1/interrogate', { image: base64, model: 'x' }), 404, 'Model not found')
    expect(await body(post('/tagger/v1/interrogate', { image: base64 }), 422)).toEqual({
      detail: [{ loc: ['body', 'model'], msg: 'Field required', type: 'missing' }],
    })
    expect((await post('/tagger/v1/interrogate', { image: base64, model: models[0], threshold: 2 })).status).toBe(422)
    const queued = { image: base64, model: models[0], queue: 'mine' }
    await expectError(await post('/tagger/v1/interrogate', queued), 501, 'Queues are not supported')
    expect(await body(post('/tagger/v1/unload-interrogators', ''))).toBe('Successfully unload 0 model(s)')
  })
})

describe('SD.Next', () => {
  test('openclip: the prompt, and single labels where they are asked for', async () => {
    const names = await body<string[]>(get('/sdapi/v1/openclip'))
    expect(names).toEqual(names.toSorted())
    const plain = await body(post('/sdapi/v1/openclip', { image: base64 }))
    expect(plain).toEqual({
      caption: expect.stringContaining('chair'),
      medium: null,
      artist: null,
      movement: null,
      trending: null,
      flavor: null,
    })
    const analyzed = await body(
      post('/sdapi/v1/openclip', { image: base64, analyze: true, mode: 'fast', max_flavors: 2 }),
    )
    for (const label of ['medium', 'artist', 'movement', 'trending', 'flavor']) {
      expect(analyzed[label]).toEqual(expect.any(String))
    }
    const unknown = { image: base64, clip_model: 'unknown' }
    await expectError(await post('/sdapi/v1/openclip', unknown), 404, 'Model not found')
  })

  test('tagger: its options', async () => {
    type Answer = { tags: string; scores: Numbers | null }
    const ask = (more: object) => body<Answer>(post('/sdapi/v1/tagger', { image: base64, threshold: 0.3, ...more }))
    const { tags, scores } = await ask({})
    expect(scores).toBeNull()
    expect(tags.split(', ')[0]).toBe('chair')
    expect(tags).toContain('office_chair')
    const shown = await ask({ show_scores: true, use_spaces: true, max_tags: 3 })
    expect(Object.keys(shown.scores!)).toHaveLength(3)
    expect(shown.tags).toMatch(/^\(chair:0\.\d\d\), /)
    const sorted = await ask({ sort_alpha: true, exclude_tags: 'Office Chair, ' })
    expect(sorted.tags.split(', ')).toEqual(
      tags
        .split(', ')
        .filter((tag) => tag !== 'office_chair')
        .toSorted(),
    )
    expect(await body<object[]>(get('/sdapi/v1/tagger/models'))).toHaveLength(1)
  })

  test('caption is one of them by its backend; questions are 501', async () => {
    const openclip = await body(post('/sdapi/v1/caption', { backend: 'openclip', image: base64, mode: 'fast' }))
    expect(openclip).toMatchObject({ backend: 'openclip', caption: expect.any(String), medium: null })
    const tagger = await body(post('/sdapi/v1/caption', { backend: 'tagger', image: base64 }))
    expect(tagger).toMatchObject({ backend: 'tagger', tags: expect.stringContaining('chair') })
    for (const backend of ['vlm', 'analyze']) {
      const response = await post('/sdapi/v1/caption', { backend, image: base64 })
      await expectError(response, 501, 'Captioner not configured')
    }
    const question = { image: base64, question: 'How many chairs?' }
    await expectError(await post('/sdapi/v1/vqa', question), 501, 'Captioner not configured')
    expect((await post('/sdapi/v1/caption', { backend: 'x', image: base64 })).status).toBe(422)
    expect(await body(get('/sdapi/v1/vqa/models'))).toEqual([])
    await expectError(await post('/sdapi/v1/openclip', { image: 'upload:1' }), 400, 'Unknown upload reference')
  })
})
