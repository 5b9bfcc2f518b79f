/** Opening an index from whatever a host reads files as, and refusing what is not one. */
import { describe, expect, test } from 'vitest'
import { indexVersion, openIndex, parseManifest } from '../../src/term-index/index.ts'
import { contentOf, generator, indexOf, specOf, unit } from './support.ts'

const DIMS = 19
const spec = specOf(DIMS)
const { manifest, files } = await indexOf([
  contentOf({ bank: 'one', dims: DIMS }),
  contentOf({ bank: 'two', dims: DIMS, seed: 2, terms: 3, calibrated: false }),
])
const query = unit(DIMS, generator(8))
const bytesOf = (file: string) => files.get(file)!
const open = (changes: Partial<Parameters<typeof openIndex>[0]> = {}) =>
  openIndex({ manifest, spec, read: async (file) => bytesOf(file), ...changes })

/** A stream of chunks of odd sizes. */
const streamOf = (bytes: Uint8Array<ArrayBuffer>) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 77) controller.enqueue(bytes.subarray(at, at + 77))
      controller.close()
    },
  })

test('reads responses, streams, buffers and arrays alike', async () => {
  const expected = await (await open()).rank('one', query, 5)
  for (const source of [
    (b: Uint8Array<ArrayBuffer>) => new Response(b),
    streamOf,
    (b: Uint8Array<ArrayBuffer>) => b.slice().buffer,
  ]) {
    const index = await open({ read: async (file) => source(bytesOf(file)) })
    expect(await index.rank('one', query, 5)).toEqual(expected)
  }
})

test('says what it holds', async () => {
  const index = await open()
  expect(index.banks()).toEqual([
    { name: 'one', terms: 7, rows: 14 },
    { name: 'two', terms: 3, rows: 6 },
  ])
  expect(index.terms).toBe(10)
  expect(index.bytes).toBe(manifest.memory)
  expect(index.version).toMatch(/^[0-9a-f]{16}$/)
  expect(index.version).toBe(await indexVersion(parseManifest(JSON.parse(JSON.stringify(manifest)))))
})

test('two indexes share nothing, and searches at once do not mix', async () => {
  const random = generator(10)
  const other = contentOf({ bank: 'one', dims: DIMS, seed: 3 })
  const second = await indexOf([other])
  const [a, b] = [
    await open(),
    await openIndex({ manifest: second.manifest, spec, read: async (file) => second.files.get(file)! }),
  ]
  const queries = Array.from({ length: 20 }, () => unit(DIMS, random))
  const alone = []
  for (const q of queries) alone.push([await a.rank('one', q, 4), await b.rank('one', q, 4), await a.rank('two', q, 4)])
  const together = await Promise.all(
    queries.map((q) => Promise.all([a.rank('one', q, 4), b.rank('one', q, 4), a.rank('two', q, 4)])),
  )
  expect(together).toEqual(alone)
  expect(a.version).not.toBe(b.version)
})

describe('refuses', () => {
  const wrong = (change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) => ({
    read: async (file: string) => change(bytesOf(file).slice()),
  })
  const of = (changes: object) => ({ manifest: { ...manifest, ...changes } })
  const bank = (changes: object) => of({ banks: [{ ...manifest.banks[0], ...changes }, manifest.banks[1]] })
  const cases: Record<string, [code: string, changes: Partial<Parameters<typeof openIndex>[0]>]> = {
    'a file cut short': ['index_invalid', wrong((bytes) => bytes.slice(0, -16))],
    'a file with more at its end': ['index_invalid', wrong((bytes) => new Uint8Array([...bytes, 0]))],
    'a file with another digest': ['index_invalid', wrong((bytes) => bytes.fill(1, -4))],
    'a file that is not there': ['index_invalid', { read: async () => new Response('', { status: 404 }) }],
    'a file that cannot be read': ['index_invalid', { read: () => Promise.reject(new Error('disk')) }],
    'a response without a body': ['index_invalid', { read: async () => new Response(null) }],
    'the shards of another model': ['index_model_mismatch', { spec: { ...spec, digest: 'cd'.repeat(32) } }],
    'a model of other dimensions': ['index_model_mismatch', { spec: { ...spec, embedding_size: 20 } }],
    'no manifest': ['index_invalid', { manifest: null }],
    'something else': ['index_invalid', { manifest: { format: 'other' } }],
    'a newer manifest': ['index_version', of({ version: 2 })],
    'a manifest without a model': ['index_invalid', of({ model: {} })],
    'an embedding size that is no count': ['index_invalid', of({ model: { ...manifest.model, embedding_size: -1 } })],
    'unknown rules': ['index_invalid', of({ rules: 'mine' })],
    'banks that are no list': ['index_invalid', of({ banks: {} })],
    'a bank twice': ['index_invalid', of({ banks: [manifest.banks[0], manifest.banks[0]] })],
    'sums that do not add up': ['index_invalid', of({ rows: 21 })],
    'a file name that is not of the bank': ['index_invalid', bank({ file: '../secret' })],
    'a bank name with a slash': ['index_invalid', bank({ name: '../one' })],
    'an unknown engine': ['index_invalid', bank({ engine: 'guess' })],
    'an engine without its codes': ['index_invalid', bank({ engine: 'prefilter' })],
    'a size that is no count': ['index_invalid', bank({ bytes: 1e300 })],
    'counts that are not those of the shard': [
      'index_invalid',
      of({
        banks: [
          { ...manifest.banks[0], rows: 13 },
          { ...manifest.banks[1], rows: 7 },
        ],
      }),
    ],
    'rules that are not those of the shard': ['index_invalid', of({ rules: 'original' })],
    'no maker': ['index_invalid', of({ created_by: 1 })],
  }
  test.each(Object.entries(cases))('%s', async (_, [code, changes]) => {
    await expect(open(changes)).rejects.toMatchObject({ name: 'TermlensError', code })
  })

  test('the file of another bank', async () => {
    const [one, two] = manifest.banks
    const swapped = { ...one!, name: 'two', file: `two.${one!.sha256.slice(0, 16)}.tlx` }
    const other = { ...two!, name: 'one', file: `one.${two!.sha256.slice(0, 16)}.tlx` }
    await expect(
      open({
        manifest: { ...manifest, banks: [swapped, other] },
        read: async (file) => bytesOf(file.startsWith('two') ? one!.file : two!.file),
      }),
    ).rejects.toMatchObject({ code: 'index_invalid', message: expect.stringContaining('holds the bank one') })
  })

  test('more memory than there is', async () => {
    const rows = 0xf0000000
    const [one, two] = manifest.banks
    const banks = [{ ...one!, rows, bytes: 0xfffffff0 }, two!]
    const sums = { rows: rows + two!.rows, bytes: 0xfffffff0 + two!.bytes }
    await expect(open({ manifest: { ...manifest, banks, ...sums } })).rejects.toMatchObject({ code: 'index_invalid' })
  })
})

test('large shards have their digest checked only when asked to', async () => {
  const damage = async (file: string) => {
    const bytes = bytesOf(file).slice()
    bytes[bytes.length - 1]! ^= 1 // padding: structure is as it was
    return bytes
  }
  await expect(open({ read: damage })).rejects.toMatchObject({ code: 'index_invalid' })
  await expect(open({ read: damage, digestUpTo: 0 })).resolves.toBeDefined()
})
