/** Opens an index: streams its shards into one memory, checks them, and makes a `StaticIndex` of them. */
import { TermlensError } from '../errors.ts'
import type { ModelSpec } from '../types.ts'
import { survey } from './compare.ts'
import { sha256Hex } from './digest.ts'
import { createKernel, type Kernel, planMemory } from './kernel.ts'
import { type Engine, indexVersion, type Manifest, type ManifestBank, parseManifest } from './manifest.ts'
import { parseShard, type Shard } from './parse.ts'
import { StaticIndex } from './ranker.ts'

export type ShardSource = Response | ReadableStream<Uint8Array> | ArrayBuffer | Uint8Array

export interface OpenOptions {
  /** The parsed `manifest.json`; it is checked here. */
  manifest: unknown
  /** The model whose embeddings will be searched with. */
  spec: Pick<ModelSpec, 'name' | 'digest' | 'embedding_size'>
  /** Reads a file beside the manifest. */
  read: (file: string) => Promise<ShardSource>
  /** Language of `name` in answers, BCP 47, where a request names none. */
  lang?: string | undefined
  /** Shards of up to this many bytes have their SHA-256 checked, 1 MiB by default. Structure is checked always. */
  digestUpTo?: number
  /** kernel/kernel-relaxed.wasm, on hosts that compile relaxed SIMD. It answers the same, faster. */
  relaxedKernel?: WebAssembly.Module | undefined
  /** The engine of every bank, or of those named, whatever the manifest says. Its shards must hold what the engine needs. */
  engine?: Engine | Readonly<Record<string, Engine>> | undefined
}

const DIGEST_UP_TO = 2 ** 20

/**
 * @returns the index, ready to be searched
 * @throws TermlensError `index_invalid`, `index_version`, `index_model_mismatch`; what `read` throws, if that is one
 */
export async function openIndex({
  manifest: json,
  spec,
  read,
  lang,
  digestUpTo = DIGEST_UP_TO,
  relaxedKernel,
  engine,
}: OpenOptions): Promise<StaticIndex> {
  const manifest = parseManifest(json)
  checkModel(manifest, spec)
  const engines = manifest.banks.map(
    (bank) => (typeof engine === 'string' ? engine : engine?.[bank.name]) ?? bank.engine,
  )
  const plan = planMemory(manifest.banks.map((bank, i) => ({ ...bank, engine: engines[i]! })))
  const kernel = await createKernel(plan, relaxedKernel)
  const banks = await Promise.all(
    manifest.banks.map(async (bank, i) => {
      await load(bank, read, new Uint8Array(kernel.buffer, plan.shards[i]!, bank.bytes), digestUpTo)
      const shard = openShard(kernel, plan.shards[i]!, bank, manifest, spec)
      const searched = { shard, engine: engines[i]!, coarse: survey(kernel, shard, plan.sums[i]!) }
      if (!canServe(shard, searched.engine))
        throw invalid(`${bank.file} does not hold what the engine ${searched.engine} needs`)
      return [bank.name, searched] as const
    }),
  )
  return new StaticIndex(await indexVersion(manifest), manifest, kernel, new Map(banks), lang)
}

function checkModel({ model }: Manifest, spec: OpenOptions['spec']): void {
  if (model.digest === spec.digest && model.embedding_size === spec.embedding_size) return
  throw new TermlensError(
    'index_model_mismatch',
    `The index was built for ${model.name} (${model.digest.slice(0, 16)}, ${model.embedding_size} dimensions), not for ${spec.name} (${spec.digest.slice(0, 16)}, ${spec.embedding_size}).`,
  )
}

/** Parses a loaded shard and compares it with what the manifest says of it. */
function openShard(
  kernel: Kernel,
  start: number,
  bank: ManifestBank,
  manifest: Manifest,
  spec: OpenOptions['spec'],
): Shard {
  const shard = parseShard(kernel.buffer, start, bank.bytes, spec)
  const { meta } = shard
  if (meta.bank !== bank.name) throw invalid(`${bank.file} holds the bank ${meta.bank}`)
  if (meta.encoder.rules !== manifest.rules)
    throw invalid(`${bank.file} was built with the rules ${meta.encoder.rules}`)
  if (shard.terms !== bank.terms || shard.rowCount !== bank.rows)
    throw invalid(`${bank.file} has other counts than the manifest`)
  return shard
}

/** Whether a shard holds what an engine needs. */
export const canServe = ({ codes, graph }: Pick<Shard, 'codes' | 'graph'>, engine: Engine): boolean =>
  engine === 'exact' || (engine === 'prefilter' ? codes : graph) !== null

/** Copies a file to its place in the memory, chunk by chunk. */
async function load(
  bank: ManifestBank,
  read: OpenOptions['read'],
  target: Uint8Array<ArrayBuffer>,
  digestUpTo: number,
): Promise<void> {
  let at = 0
  try {
    for await (const chunk of chunksOf(await read(bank.file))) {
      if (at + chunk.length > target.length)
        throw invalid(`${bank.file} is longer than the ${bank.bytes} bytes in the manifest`)
      target.set(chunk, at)
      at += chunk.length
    }
  } catch (cause) {
    if (cause instanceof TermlensError) throw cause
    throw new TermlensError('index_invalid', `The shard ${bank.file} could not be read.`, { cause })
  }
  if (at !== target.length) throw invalid(`${bank.file} has ${at} bytes, not the ${bank.bytes} of the manifest`)
  if (bank.bytes <= digestUpTo && (await sha256Hex(target)) !== bank.sha256)
    throw invalid(`${bank.file} does not have the digest in the manifest`)
}

async function* chunksOf(source: ShardSource): AsyncGenerator<Uint8Array> {
  if (source instanceof ArrayBuffer) return yield new Uint8Array(source)
  if (source instanceof Uint8Array) return yield source
  const isResponse = source instanceof Response
  if (isResponse && !source.ok) throw invalid(`reading it was answered with status ${source.status}`)
  const stream = isResponse ? source.body : source
  const reader = stream?.getReader()
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

const invalid = (message: string): TermlensError =>
  new TermlensError('index_invalid', `The index is not valid: ${message}.`)
