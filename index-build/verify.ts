/** Checks a built index: reopens it with the edge's own code, compares digests, and measures recall against exact float search. */
import {
  canServe,
  ENGINES,
  type Engine,
  SECTION,
  type Shard,
  type StaticIndex,
  sha256Hex,
} from '../src/term-index/index.ts'
import type { TextEncoder as TextVectors } from '../src/types.ts'
import { type Bank, readBanks, type UserBank } from './banks.ts'
import { glossOf, readSpec } from './build.ts'
import { THRESHOLDS } from './engines.ts'
import { openIndexFolder } from './index-folder.ts'
import { fallsShort, KS, measureRecall, type Recall } from './recall.ts'
import { rowTexts } from './rows.ts'
import { formatTable, percent } from './table.ts'
import { openTexts } from './texts.ts'

export interface VerifyOptions {
  indexDir: string
  modelDir: string
  /** The banks that the index was built from: their vectors are what recall is measured against. */
  banksDir: string | null
  userBanks?: readonly UserBank[]
  encoder?: TextVectors
  /** Embeddings of pictures, unit length; null to leave recall out. */
  queries: readonly Float32Array[] | null
  /** Of every engine, in place of its own. */
  thresholds?: Recall
  /** Measures this one alone, instead of all that the shards can serve. */
  engine?: Engine | undefined
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

/** One bank with one engine: a bank is reported with its own, then with each other that its shard can serve. */
export interface BankReport {
  name: string
  rows: number
  dtype: string
  engine: Engine
  /** By plain similarity; null where it was not measured. */
  recall: Recall | null
  /** By calibrated score; null where the bank has no calibration. */
  calibrated: Recall | null
  problems: string[]
}

export interface VerifyReport {
  ok: boolean
  version: string
  queries: number
  thresholds: Readonly<Record<Engine, Recall>>
  banks: BankReport[]
  /** Of the index as a whole. */
  problems: string[]
}

/**
 * An index that can be opened gives a report; problems in it are in the report.
 * @throws TermlensError `setup_missing`, `index_invalid` (where a shard cannot serve the engine asked for, too), `index_version`, `index_model_mismatch`, `bank_invalid`, `text_unknown`
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { queries, signal, onProgress } = options
  const thresholds = options.thresholds ? everyEngine(options.thresholds) : THRESHOLDS
  const spec = await readSpec(options.modelDir)
  const index = await openIndexFolder(options.indexDir, spec, { engine: options.engine })
  const encoder = options.encoder ?? (await openTexts(options.modelDir, spec))
  const banks = await readBanks(options.banksDir, options.userBanks)
  const gloss = glossOf(spec, index.manifest.rules)

  const problems = banks
    .filter(({ name }) => !index.manifest.banks.some((bank) => bank.name === name))
    .map(({ name }) => `the bank ${name} is not in the index`)
  /** The index opened with each engine, for the banks that can serve it. */
  const opened = new Map<Engine, StaticIndex>()
  const openWith = async (engine: Engine): Promise<StaticIndex> => {
    const able = index.banks().filter(({ name }) => canServe(index.shard(name), engine))
    const forced = Object.fromEntries(able.map(({ name }) => [name, engine]))
    const known = opened.get(engine) ?? (await openIndexFolder(options.indexDir, spec, { engine: forced }))
    opened.set(engine, known)
    return known
  }
  const reports: BankReport[] = []
  for (const [i, { name, rows, engine }] of index.manifest.banks.entries()) {
    signal?.throwIfAborted()
    onProgress?.(i, index.manifest.banks.length)
    const shard = index.shard(name)
    const others = ENGINES.filter((other) => other !== engine && canServe(shard, other))
    const engines = options.engine ? [options.engine] : [engine, ...others]
    const ofBank = engines.map(
      (engine): BankReport => ({
        name,
        rows,
        dtype: shard.dtype,
        engine,
        recall: null,
        calibrated: null,
        problems: [],
      }),
    )
    reports.push(...ofBank)
    const [report] = ofBank as [BankReport]
    report.problems.push(...(await sectionProblems(shard)))
    const bank = banks.find((candidate) => candidate.name === name)
    if (!bank || !sameLabels(index, bank)) {
      report.problems.push('the index was built from another version of the bank')
      continue
    }
    if (!queries || queries.length === 0) continue
    const vectors = await encoder.encode(rowTexts(bank, gloss))
    for (const measured of ofBank) {
      const opened = await openWith(measured.engine)
      measured.recall = await measureRecall(opened, name, vectors, queries, 'similarity')
      if (shard.calibration) measured.calibrated = await measureRecall(opened, name, vectors, queries, 'score')
      measured.problems.push(...recallProblems(measured, thresholds[measured.engine], queries.length))
    }
  }
  onProgress?.(index.manifest.banks.length, index.manifest.banks.length)
  const ok = problems.length === 0 && reports.every((report) => report.problems.length === 0)
  return { ok, version: index.version, queries: queries?.length ?? 0, thresholds, banks: reports, problems }
}

const everyEngine = (recall: Recall): Record<Engine, Recall> => ({ exact: recall, prefilter: recall, graph: recall })

async function sectionProblems({ sections, flags }: Shard): Promise<string[]> {
  const problems: string[] = []
  // Sections count from the start of the shard, views from that of the memory.
  const start = flags.byteOffset - sections.find(({ id }) => id === SECTION.TERM_FLAGS)!.offset
  for (const { id, offset, length, sha256 } of sections) {
    const bytes = new Uint8Array(flags.buffer as ArrayBuffer, start + offset, length)
    if ((await sha256Hex(bytes)) !== sha256) problems.push(`section ${id} does not have its digest`)
  }
  return problems
}

function sameLabels(index: StaticIndex, bank: Bank): boolean {
  const texts = rowTexts(bank, null)
  return (
    texts.length === index.shard(bank.name).rowCount &&
    texts.every((text, row) => index.label(bank.name, row).text === text)
  )
}

function recallProblems({ recall, calibrated }: BankReport, thresholds: Recall, queries: number): string[] {
  return KS.flatMap((k) =>
    [['similarity', recall] as const, ['score', calibrated] as const].flatMap(([by, measured]) =>
      measured && fallsShort(measured, k, thresholds[k], queries)
        ? [`recall@${k} by ${by} is ${measured[k].toFixed(4)}, below ${thresholds[k]}`]
        : [],
    ),
  )
}

/** The report as text. */
export function formatVerify(report: VerifyReport): string {
  const shares = (recall: Recall | null) => KS.map((k) => (recall ? percent(recall[k]) : null))
  const table = formatTable(
    ['bank', 'rows', 'type', 'engine', ...KS.map((k) => `recall@${k}`), ...KS.map((k) => `by score @${k}`)],
    report.banks.map((bank) => [
      bank.name,
      bank.rows,
      bank.dtype,
      bank.engine,
      ...shares(bank.recall),
      ...shares(bank.calibrated),
    ]),
  )
  const problems = [
    ...report.problems,
    ...report.banks.flatMap(({ name, engine, problems }) =>
      problems.map((problem) => (engine === 'exact' ? `${name}: ${problem}` : `${name}, ${engine}: ${problem}`)),
    ),
  ]
  const queries =
    report.queries > 0
      ? `recall against exact float search over ${report.queries} pictures`
      : 'recall not measured: no pictures'
  return [
    `index ${report.version}, ${queries}`,
    table,
    ...problems.map((problem) => `FAILED ${problem}`),
    report.ok ? 'All checks passed.' : 'The index must not be served.',
  ].join('\n')
}
