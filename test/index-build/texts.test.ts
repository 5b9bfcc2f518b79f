/** A user's own words become vectors: those of the cache as they are, others by the text tower, alone and offline. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EMBEDDED, readSpec } from '../../index-build/build.ts'
import { assetsDir } from '../../index-build/local-engine.ts'
import { openTextCache } from '../../index-build/text-cache.ts'
import { openTexts } from '../../index-build/texts.ts'

const modelDir = join(assetsDir, 'models', EMBEDDED)
const spec = await readSpec(modelDir)
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

test('known and unknown texts, in whatever order and company', async () => {
  const [texts, cache] = [await openTexts(modelDir, spec), await openTextCache(modelDir, spec)]
  const all = ['oil painting', 'a zeppelin over rice fields', 'photograph', 'a pagoda made of glass', 'oil painting']
  const vectors = await texts.encode(all)
  expect(vectors[0]).toEqual((await cache.encode(['oil painting']))[0])
  expect(vectors[4]).toEqual(vectors[0])
  expect(await texts.encode([all[1]!])).toEqual([vectors[1]])
  for (const vector of vectors) expect(cosine(vector, vector)).toBeCloseTo(1, 2)
})

test('the tower agrees with the cache on what both can encode', async () => {
  const cache = await openTextCache(modelDir, spec)
  const words = ['a watercolor painting', 'impressionism', 'golden hour', 'lighthouse']
  const known = await cache.encode(words)
  // With a blank behind it a text is not in the cache.
  const made = await (await openTexts(modelDir, spec)).encode(words.map((word) => `${word} `))
  known.forEach((vector, i) => {
    expect(cosine(vector, made[i]!)).toBeGreaterThan(0.9)
  })
})

test('without a tower an unknown text is named', async () => {
  const { tower: _, ...text } = spec.text
  const texts = await openTexts(modelDir, { ...spec, text })
  await expect(texts.encode(['a zeppelin over rice fields'])).rejects.toMatchObject({ code: 'text_unknown' })
})
