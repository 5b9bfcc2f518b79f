/** The static index as a `Ranker`. */
import { TermlensError } from '../errors.ts'
import type { BankInfo, Candidate, Label, Ranked, Ranker, RankOptions } from '../types.ts'
import { flagMask } from './format.ts'
import type { Kernel } from './kernel.ts'
import { labelAt, vectorAt } from './labels.ts'
import type { Manifest } from './manifest.ts'
import type { Shard } from './parse.ts'
import { type SearchBank, search } from './search.ts'

/** Made by `openIndex`. Nothing in it changes, and two of them share nothing. */
export class StaticIndex implements Ranker {
  /** 16 hex digits that change with anything in the index. */
  readonly version: string
  readonly manifest: Manifest
  /** Terms of all banks. */
  readonly terms: number
  /** Bytes of memory that the index holds, shards and scratch together. */
  readonly bytes: number
  readonly #kernel: Kernel
  readonly #banks: ReadonlyMap<string, SearchBank>
  readonly #lang: string | undefined

  constructor(
    version: string,
    manifest: Manifest,
    kernel: Kernel,
    banks: ReadonlyMap<string, SearchBank>,
    lang?: string,
  ) {
    this.version = version
    this.manifest = manifest
    this.terms = manifest.terms
    this.bytes = kernel.buffer.byteLength
    this.#kernel = kernel
    this.#banks = banks
    this.#lang = lang
  }

  /** In the order of the manifest. */
  banks(): BankInfo[] {
    return this.manifest.banks.map(({ name, terms, rows }) => ({ name, terms, rows }))
  }

  /**
   * The `k` best rows of `bank`, best first, ties by row number; fewer where the bank has fewer that `options.without` allows.
   * @param embedding of unit length @param options by default: all rows, best first, by score, in the index's language
   * @throws TermlensError `bank_unknown`, `embedding_invalid`
   */
  async rank(bank: string, embedding: Float32Array, k: number, options: RankOptions = {}): Promise<Ranked[]> {
    const searched = this.#bank(bank)
    const { shard } = searched
    const hits = search(this.#kernel, searched, embedding, k, {
      mask: flagMask(options.without ?? []),
      reverse: options.reverse ?? false,
      by: options.by ?? 'score',
    })
    const lang = options.lang ?? this.#lang
    return hits.map((hit) => ({ bank, ...hit, ...labelAt(shard, hit.row, lang) }))
  }

  /** Like `rank`, with each row's vector. */
  async candidates(bank: string, embedding: Float32Array, k: number, options: RankOptions = {}): Promise<Candidate[]> {
    const shard = this.shard(bank)
    const ranked = await this.rank(bank, embedding, k, options)
    return ranked.map((item) => ({ ...item, vector: vectorAt(shard, item.row) }))
  }

  /** @throws TermlensError `bank_unknown`; RangeError for a row that the bank does not have */
  label(bank: string, row: number, lang: string | undefined = this.#lang): Label {
    return labelAt(this.shard(bank), this.#checkRow(bank, row), lang)
  }

  /** The row's vector as it is stored. @throws like `label` */
  vector(bank: string, row: number): Float32Array {
    return vectorAt(this.shard(bank), this.#checkRow(bank, row))
  }

  /** The bank's parsed shard, for tools; not to be written to. @throws TermlensError `bank_unknown` */
  shard(bank: string): Shard {
    return this.#bank(bank).shard
  }

  #bank(name: string): SearchBank {
    const bank = this.#banks.get(name)
    if (bank) return bank
    throw new TermlensError(
      'bank_unknown',
      `There is no bank "${name}"; there are ${[...this.#banks.keys()].join(', ')}.`,
    )
  }

  #checkRow(bank: string, row: number): number {
    if (row in this.shard(bank).rowTerms) return row
    throw new RangeError(`Bank ${bank} has no row ${row}.`)
  }
}
