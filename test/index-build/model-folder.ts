/** A folder with banks and a model whose text vectors are random, but the same for the same text. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBanks } from '../../index-build/banks.ts'
import { rowTexts } from '../../index-build/rows.ts'
import { toHalf } from '../../src/term-index/half.ts'
import type { ModelSpec } from '../../src/types.ts'
import { DIGEST, generator, unit } from '../term-index/support.ts'

export const DIMS = 64
export const spec: ModelSpec = {
  name: 'test-model',
  digest: DIGEST,
  embedding_size: DIMS,
  vision: { file: 'vision.onnx', format: 'onnx', input: 'in', output: 'out' },
  image: { size: 8, resize: 'squash', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
  similarity: { kind: 'cosine' },
  text: { cache: 'texts', gloss: '{term}: {gloss}' },
  license: 'none',
  card: '',
}

export const ARTIST = `#: bank artist
#: template by {}
#: template inspired by {}
#: flags person
## one
Ann Example | soft light | 安
Bob Example | | | living
## two
Cid Example | hard light
`

/** A bank of `n` terms. */
export const bankText = (name: string, n: number): string =>
  `#: bank ${name}\n${Array.from({ length: n }, (_, i) => `${name} term ${i}`).join('\n')}\n`

export const vectorOf = (text: string): Float32Array =>
  unit(DIMS, generator(createHash('sha256').update(text).digest().readInt32LE(0)))

export const pictures = (n: number): Float32Array[] => Array.from({ length: n }, (_, i) => vectorOf(`picture ${i}`))

export interface Folders {
  root: string
  banksDir: string
  modelDir: string
  outDir: string
  cacheDir: string
}

/** @param banks file name to text */
export async function makeFolders(banks: Record<string, string>): Promise<Folders> {
  const root = await mkdtemp(join(tmpdir(), 'termlens build '))
  const folders = {
    root,
    banksDir: join(root, 'banks'),
    modelDir: join(root, 'model'),
    outDir: join(root, 'index'),
    cacheDir: join(root, 'cache'),
  }
  await mkdir(folders.banksDir)
  await mkdir(folders.modelDir)
  for (const [file, text] of Object.entries(banks)) await writeFile(join(folders.banksDir, file), text)
  await writeFile(join(folders.modelDir, 'model.json'), JSON.stringify(spec))
  await writeCache(folders)
  return folders
}

/** Writes vectors for every text of the banks, with and without gloss, and for `more`. */
export async function writeCache({ banksDir, modelDir }: Folders, more: string[] = []): Promise<void> {
  const banks = await readBanks(banksDir)
  const texts = [
    ...new Set([...banks.flatMap((bank) => [...rowTexts(bank, null), ...rowTexts(bank, spec.text.gloss)]), ...more]),
  ].sort()
  const bytes = Buffer.alloc(2 * DIMS * texts.length)
  for (const [row, text] of texts.entries()) {
    for (const [i, x] of vectorOf(text).entries()) bytes.writeUInt16LE(toHalf(x), 2 * (row * DIMS + i))
  }
  await writeFile(join(modelDir, 'texts.txt'), `${texts.join('\n')}\n`)
  await writeFile(join(modelDir, 'texts.bin'), bytes)
}
