/** One suite for every host: the golden shard opens and answers with the same bits in workerd, Node and Chromium. */
import { describe, expect, test } from 'vitest'
import { openIndex, parseShard, planMemory, sha256Hex } from '../../src/term-index/index.ts'
import relaxedKernel from '../../src/term-index/kernel/kernel-relaxed.wasm'
import type { Flag } from '../../src/types.ts'
import answers from './golden.json' with { type: 'json' }
import { contentOf, generator, openContent, plainGraphSearch, randomGraph, unit } from './support.ts'

const BANK = 'golden'

/** @param golden the bytes of golden.tlx */
export function conformance(golden: Uint8Array<ArrayBuffer>): void {
  const shard = parseShard(golden.buffer, golden.byteOffset, golden.length, null)
  const { digest } = shard.meta.model
  const spec = { name: 'golden', digest, embedding_size: shard.dims }

  const open = async (changes: { bytes?: Uint8Array<ArrayBuffer>; relaxed?: boolean; digest?: string } = {}) => {
    const bytes = changes.bytes ?? golden
    const sha256 = await sha256Hex(bytes)
    const counts = { terms: shard.terms, rows: shard.rowCount, bytes: bytes.length }
    const bank = { name: BANK, file: `${BANK}.${sha256.slice(0, 16)}.tlx`, sha256, ...counts, engine: 'exact' }
    return openIndex({
      manifest: {
        format: 'termlens-index',
        version: 1,
        model: { name: 'golden', digest, embedding_size: shard.dims },
        rules: 'termlens',
        banks: [bank],
        ...counts,
        memory: planMemory([bank]).bytes,
        created_by: 'conformance',
      },
      spec: { ...spec, ...(changes.digest && { digest: changes.digest }) },
      read: async () => new Response(bytes),
      relaxedKernel: changes.relaxed ? relaxedKernel : undefined,
    })
  }

  describe.each([false, true])('relaxed kernel %s', (relaxed) => {
    test.each(answers.searches.map((search, i) => [i, search] as const))('search %i', async (_, search) => {
      const index = await open({ relaxed })
      const found = await index.rank(BANK, Float32Array.from(search.query), search.k, {
        by: search.by as 'score' | 'similarity',
        reverse: search.reverse,
        without: search.without as Flag[],
      })
      expect(found.map(({ row, similarity, score }) => ({ row, similarity, score }))).toEqual(search.hits)
    })
  })

  test.each([false, true])('a graph, relaxed kernel %s', async (relaxed) => {
    const random = generator(21)
    const content = contentOf({ dims: 48, terms: 300, templates: ['{}'] })
    content.graph = randomGraph(300, random, { degree: 12 })
    const index = await openContent(content, relaxed ? relaxedKernel : undefined)
    for (let i = 0; i < 20; i++) {
      const query = unit(48, random)
      const found = await index.rank('test', query, 5, { without: ['unsafe'] })
      expect(found.map(({ row }) => row)).toEqual(plainGraphSearch(content, query, 5, { mask: 4 }))
    }
  })

  test('strings, names and flags', async () => {
    const index = await open()
    expect(index.label(BANK, 9, 'zh')).toEqual({ text: 'by térm 4', term: 'térm 4', name: '词4', flags: ['unsafe'] })
    expect(index.label(BANK, 0)).toEqual({ text: 'térm 0', term: 'térm 0', flags: [] })
  })

  test('a foreign file, a newer version, another model, a truncation and a flipped byte have their own errors', async () => {
    const change = (at: number, value: number) => golden.with(at, value)
    await expect(open({ bytes: change(0, 0) })).rejects.toMatchObject({ code: 'index_invalid' })
    await expect(open({ bytes: change(12, 2) })).rejects.toMatchObject({ code: 'index_version' })
    await expect(open({ digest: 'ff'.repeat(32) })).rejects.toMatchObject({ code: 'index_model_mismatch' })
    await expect(open({ bytes: golden.slice(0, -16) })).rejects.toMatchObject({ code: 'index_invalid' })
    for (const { offset, length, id, sha256 } of shard.sections) {
      const flipped = change(offset + (length >> 1), golden[offset + (length >> 1)]! ^ 1).slice(offset, offset + length)
      expect(await sha256Hex(flipped), `section ${id}`).not.toBe(sha256)
    }
  })
}
