/**
 * Puts a built index in place so that whoever reads the folder sees the old index or the new one, never a part of either.
 * Files are written under another name and renamed; shards have names that change with their content; the manifest comes last.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Manifest, manifestText, parseManifest } from '../src/term-index/index.ts'

export const MANIFEST = 'manifest.json'
/** The manifest of the release before: its shards stay for browsers that have it cached, and for a rollback. */
export const PREVIOUS_MANIFEST = 'manifest.previous.json'

const TEMPORARY = /^\..*\.tmp$/
const SHARD = /^[a-z][a-z0-9_-]*\.[0-9a-f]{16}\.tlx$/

export interface Published {
  /** Shards that were not there before. */
  written: string[]
  /** Shards of releases older than the previous one. */
  removed: string[]
}

/**
 * @param outDir is made if it is not there @param shards file name to content, as `manifest` names them
 * @throws the reason of `signal`, which is looked at before the manifest is written and not after
 */
export async function publish(
  outDir: string,
  manifest: Manifest,
  shards: ReadonlyMap<string, Uint8Array>,
  signal?: AbortSignal,
): Promise<Published> {
  await mkdir(outDir, { recursive: true })
  for (const file of await readdir(outDir)) if (TEMPORARY.test(file)) await rm(join(outDir, file), { force: true })

  const written: string[] = []
  for (const [file, bytes] of shards) {
    signal?.throwIfAborted()
    if (await isSame(join(outDir, file), bytes)) continue
    await writeWhole(outDir, file, bytes)
    written.push(file)
  }

  const text = manifestText(manifest)
  const current = await readText(join(outDir, MANIFEST))
  signal?.throwIfAborted()
  if (current !== text) {
    if (current !== null) await writeWhole(outDir, PREVIOUS_MANIFEST, new TextEncoder().encode(current))
    await writeWhole(outDir, MANIFEST, new TextEncoder().encode(text))
  }

  const kept = new Set([...shards.keys(), ...filesOf(await readText(join(outDir, PREVIOUS_MANIFEST)))])
  const removed = (await readdir(outDir)).filter((file) => SHARD.test(file) && !kept.has(file))
  for (const file of removed) await rm(join(outDir, file), { force: true })
  return { written, removed }
}

/** Writes beside the target, flushes, renames: a reader sees the old file or the new one. */
export async function writeWhole(folder: string, file: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${file}.${randomUUID()}.tmp`)
  const handle = await open(temporary, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, join(folder, file))
}

async function isSame(path: string, bytes: Uint8Array): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  )
  return size === bytes.length && (await readFile(path)).equals(bytes)
}

const readText = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)

/** Shards that a manifest names; none where it cannot be read, as that of another version. */
function filesOf(text: string | null): string[] {
  try {
    return parseManifest(JSON.parse(text ?? '')).banks.map(({ file }) => file)
  } catch {
    return []
  }
}
