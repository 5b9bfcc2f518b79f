/** Token ids are those of Python's tokenizer (recorded by training/text_tower/record_fixtures.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '../../src/encoder/tokenizer.ts'

const model = new URL('../../assets/models/termlens-lite0/', import.meta.url)
const readJson = (url: URL) => JSON.parse(readFileSync(url, 'utf8'))
const json = readJson(new URL('tokenizer.json', model)) as object
const { tower } = readJson(new URL('text.json', model)) as { tower: { max_tokens: number } }
const recorded = readJson(new URL('../fixtures/text/tokens.json', import.meta.url)) as [string, number[]][]

describe('the tokenizer of the text tower', () => {
  const tokenizer = createTokenizer(json, tower.max_tokens)

  test('there are 200 texts', () => {
    expect(recorded).toHaveLength(200)
  })

  test.each(recorded)('%j has the ids that Python gives it', (text, ids) => {
    expect(tokenizer.ids(text)).toEqual(ids)
  })

  test('a text too long keeps its beginning and the end token', () => {
    const [start, end] = tokenizer.ids('')
    const ids = tokenizer.ids('dog '.repeat(1000))
    expect(ids).toHaveLength(tower.max_tokens)
    expect(ids[0]).toBe(start)
    expect(ids.at(-1)).toBe(end)
    expect(ids.slice(0, 50)).toEqual(tokenizer.ids('dog '.repeat(60)).slice(0, 50))
  })

  test('half of a surrogate pair does no harm', () => {
    expect(tokenizer.ids('a \ud83d face')).toEqual(tokenizer.ids('a \ufffd face'))
  })

  test('a file that is no tokenizer gives model_load_failed', () => {
    for (const bad of [{}, { model: {} }, { ...json, model: { type: 'WordPiece', vocab: {} } }])
      expect(() => createTokenizer(bad, 128)).toThrow(expect.objectContaining({ code: 'model_load_failed' }))
  })
})
