import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTextCache } from '../../index-build/text-cache.ts'
import { toHalf } from '../../src/term-index/half.ts'
import { DIMS, makeFolders, spec, vectorOf } from './model-folder.ts'

const BANKS = { 'flavor.txt': '#: bank flavor\nsoft focus | blurred\ngrain\n' }

test('gives the vectors of known texts, whatever the batch', async () => {
  const { modelDir } = await makeFolders(BANKS)
  const cache = await openTextCache(modelDir, spec)
  expect(cache.size).toBe(3)
  const texts = ['grain', 'soft focus: blurred', 'grain']
  const together = await cache.encode(texts)
  expect(together).toEqual((await Promise.all(texts.map((text) => cache.encode([text])))).flat())
  expect(together[1]).toHaveLength(DIMS)
  const expected = vectorOf('soft focus: blurred')
  for (const [i, x] of together[1]!.entries()) expect(toHalf(x)).toBe(toHalf(expected[i]!))
  expect(await cache.encode([])).toEqual([])
})

test('names the texts it does not know', async () => {
  const { modelDir } = await makeFolders(BANKS)
  const cache = await openTextCache(modelDir, spec)
  expect([cache.has('grain'), cache.has('grass')]).toEqual([true, false])
  const error = expect.objectContaining({ code: 'text_unknown', message: expect.stringContaining('"grass"') })
  await expect(cache.encode(['grain', 'grass'])).rejects.toEqual(error)
  const many = Array.from({ length: 30 }, (_, i) => `unknown ${i}`)
  await expect(cache.encode(many)).rejects.toThrow(/^30 texts .*"unknown 9", …/)
})

test('a cache written with CRLF reads the same', async () => {
  const { modelDir } = await makeFolders(BANKS)
  await writeFile(join(modelDir, 'texts.txt'), 'grain\r\nsoft focus\r\nsoft focus: blurred\r\n')
  expect((await openTextCache(modelDir, spec)).has('soft focus')).toBe(true)
})

test('says what is missing', async () => {
  const { modelDir } = await makeFolders(BANKS)
  const { cache: _, ...text } = spec.text
  await expect(openTextCache(modelDir, { ...spec, text })).rejects.toMatchObject({ code: 'setup_missing' })
  await expect(openTextCache(modelDir, { ...spec, embedding_size: 65 })).rejects.toMatchObject({
    code: 'setup_missing',
  })
  await rm(join(modelDir, 'texts.txt'))
  await expect(openTextCache(modelDir, spec)).rejects.toMatchObject({ code: 'setup_missing' })
})
