/** Opens an index that lies in a folder, with the reader that the edge uses. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TermlensError } from '../src/errors.ts'
import {
  type Engine,
  type OpenOptions,
  openIndex,
  parseShard,
  planMemory,
  type StaticIndex,
  sha256Hex,
  VERSION,
} from '../src/term-index/index.ts'
import { MANIFEST } from './publish.ts'

/** @throws TermlensError `setup_missing` where there is no index, `index_invalid` where its manifest is not JSON */
export async function readManifest(indexDir: string): Promise<unknown> {
  const path = join(indexDir, MANIFEST)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new TermlensError('setup_missing', `There is no index: ${path} could not be read.`, {
      cause,
      hint: 'Run "termlens build".',
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TermlensError('index_invalid', `${path} is not JSON.`, { cause })
  }
}

/** All digests are checked. @throws TermlensError like `readManifest` and `openIndex` */
export async function openIndexFolder(
  indexDir: string,
  spec: OpenOptions['spec'],
  { lang, engine }: Pick<OpenOptions, 'lang' | 'engine'> = {},
): Promise<StaticIndex> {
  return openIndex({
    manifest: await readManifest(indexDir),
    spec,
    lang,
    engine,
    read: (file) => readFile(join(indexDir, file)),
    digestUpTo: Number.POSITIVE_INFINITY,
  })
}

/**
 * Opens one shard that lies in memory, as an index of its own. @throws TermlensError like `openIndex`
 * @param relaxedKernel as for `openIndex`
 */
export async function openShard(
  shard: Uint8Array<ArrayBuffer>,
  engine: Engine,
  relaxedKernel?: WebAssembly.Module,
): Promise<{ index: StaticIndex; bank: string }> {
  const { meta, dims, terms, rowCount } = parseShard(shard.buffer, shard.byteOffset, shard.length, null)
  const sha256 = await sha256Hex(shard)
  const sums = { terms, rows: rowCount, bytes: shard.length }
  const bank = { name: meta.bank, file: `${meta.bank}.${sha256.slice(0, 16)}.tlx`, sha256, ...sums, engine }
  const index = await openIndex({
    manifest: {
      format: 'termlens-index',
      version: VERSION,
      model: { ...meta.model, embedding_size: dims },
      rules: meta.encoder.rules,
      banks: [bank],
      ...sums,
      memory: planMemory([bank]).bytes,
      created_by: 'termlens',
    },
    spec: { ...meta.model, embedding_size: dims },
    read: async () => shard,
    digestUpTo: 0,
    relaxedKernel,
  })
  return { index, bank: meta.bank }
}
