/** Opens an index that lies in a folder, with the reader that the edge uses. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TermlensError } from '../src/errors.ts'
import { type OpenOptions, openIndex, type StaticIndex } from '../src/term-index/index.ts'
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
