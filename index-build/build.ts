/** Builds the static index: bank files and text vectors in, shards and a manifest out. Equal inputs give equal bytes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import { parseModelSpec } from '../src/encoder/model-spec.ts'
import { TermlensError } from '../src/errors.ts'
import {
  type Dtype,
  type Engine,
  flagMask,
  indexVersion,
  type Manifest,
  type ManifestBank,
  parseManifest,
  planMemory,
  type Rules,
  type ShardContent,
  sha256Hex,
  VERSION,
} from '../src/term-index/index.ts'
import type { ModelSpec, TextEncoder as TextVectors } from '../src/types.ts'
import { type Bank, readBanks, type UserBank } from './banks.ts'
import { calibrate } from './calibration.ts'
import { type EngineResult, encodeWithEngine } from './engines.ts'
import { PROVEN, readLabels } from './evidence.ts'
import { type Published, publish } from './publish.ts'
import { type Measure, rowStatistics } from './row-statistics.ts'
import { packRows, rowLabels, rowTexts } from './rows.ts'
import { openTexts } from './texts.ts'

export interface BuildOptions {
  /** Folder of bank files; null for the user's banks alone. */
  banksDir: string | null
  userBanks?: readonly UserBank[]
  /** Folder with `model.json` and the text vectors. */
  modelDir: string
  outDir: string
  /** Embeddings of the calibration pictures, unit length; null, or fewer than two, to build without calibration. */
  calibration: readonly Float32Array[] | null
  /** Folder for what was measured of rows before, `.cache` by default; null to measure all. It changes nothing but the time. */
  cacheDir?: string | null
  /** `original`: no glosses, no calibration. `termlens` by default. */
  rules?: Rules
  /** How rows are stored: `i8`, or `f16` where rules are `original`. */
  rows?: Extract<Dtype, 'i8' | 'f16'>
  /** Of all banks with i8 rows; chosen for each by `engines.ts` by default. */
  engine?: Engine | undefined
  /** Instead of the model's committed vectors. */
  encoder?: TextVectors
  signal?: AbortSignal
  onProgress?: (progress: BuildProgress) => void
}

export interface BuildProgress {
  /** The bank in work. */
  bank: string
  /** Rows finished, of all banks. */
  done: number
  total: number
}

export interface BuildResult extends Published {
  manifest: Manifest
  version: string
  warnings: string[]
}

/** The model that comes with the repository. */
export const EMBEDDED = 'termlens-lite0'

/** The size that one static asset of a Worker may have. */
const MAX_ASSET = 25 * 2 ** 20
/** Fewer calibration pictures than this say nothing about spread. */
const MIN_PICTURES = 2
const DEFAULT_CACHE = fileURLToPath(new URL('../.cache/', import.meta.url))
const LANGUAGE_OF_NAMES = 'zh-CN'

/**
 * Writes the index to `outDir`, whose old index stays whole until the new one is.
 * @throws TermlensError `bank_invalid`, `input_not_found`, `text_unknown`, `setup_missing`, `model_load_failed`, `option_invalid` where a forced
 * engine finds too little; the reason of `signal`
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { rules = 'termlens', rows: dtype = rules === 'original' ? 'f16' : 'i8', signal, onProgress } = options
  const spec = await readSpec(options.modelDir)
  const encoder = options.encoder ?? (await openTexts(options.modelDir, spec))
  const measure: Measure = {
    pictures: rules === 'original' ? [] : (options.calibration ?? []),
    labels: rules === 'original' ? null : await readLabels(options.modelDir, spec),
    encoder,
    cacheDir: options.cacheDir === undefined ? DEFAULT_CACHE : options.cacheDir,
  }
  const banks = await readBanks(options.banksDir, options.userBanks)
  const total = banks.reduce((sum, bank) => sum + bank.terms.length * bank.templates.length, 0)

  const shards = new Map<string, Uint8Array>()
  const entries: ManifestBank[] = []
  const warnings = banks.flatMap((bank) => bank.warnings)
  const own = new Set(options.userBanks?.map(({ name }) => name))
  let done = 0
  for (const bank of banks) {
    signal?.throwIfAborted()
    onProgress?.({ bank: bank.name, done, total })
    const rows = bank.terms.length * bank.templates.length
    const built = await buildShard(bank, spec, encoder, {
      rules,
      dtype,
      engine: options.engine,
      // Who adds a bank wants it heard: its terms are not weighed by what the model was shown.
      measure: own.has(bank.name) ? { ...measure, labels: null } : measure,
      onProgress: (ready) => {
        signal?.throwIfAborted()
        onProgress?.({ bank: bank.name, done: done + ready, total })
      },
    })
    const { shard, engine } = built
    warnings.push(...built.warnings)
    const sha256 = await sha256Hex(shard)
    const file = `${bank.name}.${sha256.slice(0, 16)}.tlx`
    entries.push({
      name: bank.name,
      file,
      sha256,
      bytes: shard.length,
      terms: bank.terms.length,
      rows,
      engine,
    })
    shards.set(file, shard)
    if (shard.length > MAX_ASSET)
      warnings.push(`${file} has ${shard.length} bytes: Cloudflare takes assets of up to ${MAX_ASSET}`)
    done += rows
  }
  onProgress?.({ bank: '', done, total })

  const manifest = manifestOf(spec, rules, entries)
  const published = await publish(options.outDir, manifest, shards, signal)
  return { manifest, version: await indexVersion(manifest), warnings, ...published }
}

/** @throws TermlensError `setup_missing` where the file is missing, `model_load_failed` where it is not as it should be */
export async function readSpec(modelDir: string): Promise<ModelSpec> {
  const path = join(modelDir, 'model.json')
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new TermlensError('setup_missing', `The model's description ${path} could not be read.`, { cause })
  }
  return parseModelSpec(json)
}

/** The gloss pattern that holds for these rules. */
export const glossOf = (spec: ModelSpec, rules: Rules): string | null => (rules === 'original' ? null : spec.text.gloss)

interface ShardOptions {
  rules: Rules
  dtype: Dtype
  engine: Engine | undefined
  measure: Measure
  /** Rows that the bank's graph has. */
  onProgress: (ready: number) => void
}

async function buildShard(
  bank: Bank,
  spec: ModelSpec,
  encoder: TextVectors,
  { rules, dtype, engine, measure, onProgress }: ShardOptions,
): Promise<EngineResult> {
  const dims = spec.embedding_size
  const gloss = glossOf(spec, rules)
  const vectors = await encodeRows(bank, rowTexts(bank, gloss), encoder)
  const labels = rowLabels(bank)
  const { rows, scales } = packRows(vectors, dims, dtype)
  const statistics = await rowStatistics(bank, vectors, measure)
  const calibrated = measure.pictures.length < MIN_PICTURES ? null : calibrate(statistics)
  const named = bank.terms.some(({ name }) => name)
  const perTerm = bank.templates.length
  const isProven = (term: number) =>
    statistics.evidence.subarray(term * perTerm, (term + 1) * perTerm).some((share) => share >= PROVEN)
  const content: ShardContent = {
    meta: {
      bank: bank.name,
      model: { name: spec.name, digest: spec.digest },
      templates: bank.templates,
      themes: bank.themes,
      names: named ? LANGUAGE_OF_NAMES : null,
      encoder: { gloss, rules },
    },
    dims,
    dtype,
    terms: bank.terms.map(({ term }) => term),
    ...(named && { names: bank.terms.map(({ name }) => name) }),
    flags: Uint8Array.from(bank.terms, ({ flags }, term) => flagMask(isProven(term) ? flags : [...flags, 'unproven'])),
    themes: Uint16Array.from(bank.terms, ({ theme }) => theme),
    rowTerms: labels.terms,
    rowTemplates: labels.templates,
    rows,
    ...(scales && { rowScales: scales }),
    ...(calibrated && { calibration: calibrated }),
  }
  const { pictures, cacheDir } = measure
  return encodeWithEngine(content, { engine, vectors, pictures, cacheDir, onProgress })
}

/** The vectors of a bank's rows; an error names the bank. */
async function encodeRows(bank: Bank, texts: string[], encoder: TextVectors): Promise<Float32Array[]> {
  try {
    return await encoder.encode(texts)
  } catch (cause) {
    if (!(cause instanceof TermlensError) || cause.code !== 'text_unknown') throw cause
    throw new TermlensError('text_unknown', `${bank.file}: ${cause.message}`, { hint: cause.hint, cause })
  }
}

function manifestOf(spec: ModelSpec, rules: Rules, banks: ManifestBank[]): Manifest {
  const sum = (member: 'terms' | 'rows' | 'bytes') => banks.reduce((total, bank) => total + bank[member], 0)
  return parseManifest({
    format: 'termlens-index',
    version: VERSION,
    model: { name: spec.name, digest: spec.digest, embedding_size: spec.embedding_size },
    rules,
    banks,
    terms: sum('terms'),
    rows: sum('rows'),
    bytes: sum('bytes'),
    memory: planMemory(banks).bytes,
    created_by: `termlens ${packageJson.version}`,
  } satisfies Manifest)
}
