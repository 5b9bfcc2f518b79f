/** Finds the best rows of one bank: sets the kernel up, runs one scan, reads what it found. */
import type { Kernel } from './kernel.ts'
import type { Shard } from './parse.ts'
import { checkEmbedding, coarsenQuery, quantiseQuery } from './query.ts'

export interface SearchOptions {
  /** Flag bits: a row whose term has one of them is left out, and k rows still come back. */
  mask: number
  /** Worst first. */
  reverse: boolean
  by: 'score' | 'similarity'
}

/** A shard, ready to be searched. */
export interface SearchBank {
  shard: Shard
  /** For the coarse scan of the relaxed kernel: address of the rows' sums, and the greatest length of a row. */
  coarse: { sums: number; longest: number } | null
}

export interface Hit {
  row: number
  similarity: number
  score: number
}

/** @param sums where the kernel may keep the rows' sums */
export function prepareBank({ exports, relaxed }: Kernel, shard: Shard, sums: number): SearchBank {
  const { rows, stride, rowCount, rowScales } = shard
  if (!relaxed || !rowScales) return { shard, coarse: null }
  return {
    shard,
    coarse: { sums, longest: exports.survey(rows.byteOffset, stride, rowCount, rowScales.byteOffset, sums) },
  }
}

/**
 * The `k` best rows by docs/index-format.md, section 4, best first; fewer where the bank has fewer.
 * @throws TermlensError `embedding_invalid`
 */
export function search(
  kernel: Kernel,
  bank: SearchBank,
  embedding: Float32Array,
  k: number,
  options: SearchOptions,
): Hit[] {
  const { exports, buffer, plan } = kernel
  const { shard } = bank
  const similarity = loadQuery(kernel, bank, embedding)
  const wanted = Math.min(Math.floor(k), shard.rowCount)
  if (!(wanted > 0)) return []
  const calibration = options.by === 'score' ? shard.calibration : null
  exports.begin(
    plan.keys,
    plan.ids,
    wanted,
    options.reverse ? -1 : 1,
    calibration?.offset.byteOffset ?? 0,
    calibration?.scale.byteOffset ?? 0,
    shard.rowTerms.byteOffset,
    shard.flags.byteOffset,
    options.mask,
  )
  similarity.scan()
  const found = exports.finish()
  // Copied: the next search writes to the same place.
  return Array.from(new Uint32Array(buffer, plan.ids, found), (row) => {
    const value = similarity.of(row)
    return { row, similarity: value, score: calibrate(shard, row, value) }
  })
}

/** Puts the query where the kernel reads it. @returns the scan over all rows and the similarity of one, in equal arithmetic */
function loadQuery(
  kernel: Kernel,
  { shard, coarse }: SearchBank,
  embedding: Float32Array,
): { scan(): void; of(row: number): number } {
  checkEmbedding(embedding, shard.dims)
  const { exports, buffer, plan } = kernel
  const { rows, stride, rowCount, rowScales } = shard
  const first = rows.byteOffset
  if (rowScales) {
    const query = new Int16Array(buffer, plan.query, stride).fill(0)
    const unit = quantiseQuery(embedding, query)
    const rough = coarse && coarsenQuery(query, unit, new Uint8Array(buffer, plan.coarse, stride))
    // The coarse scan's own rounding is far below the margin added here.
    const slack = rough ? rough.slack * coarse.longest * (1 + 1e-6) + 1e-12 : 0
    const scales = rowScales.byteOffset
    return {
      scan: () =>
        rough
          ? exports.scanI8Coarse(
              first,
              stride,
              rowCount,
              scales,
              plan.query,
              unit,
              plan.coarse,
              rough.step,
              coarse.sums,
              slack,
            )
          : exports.scanI8(first, stride, rowCount, scales, plan.query, unit),
      of: (row) => exports.dotI8(first + row * stride, plan.query, stride) * rowScales[row]! * unit,
    }
  }
  const [scan, dot] = shard.dtype === 'f16' ? [exports.scanF16, exports.dotF16] : [exports.scanF32, exports.dotF32]
  new Float32Array(buffer, plan.query, stride / (shard.dtype === 'f16' ? 2 : 4)).fill(0).set(embedding)
  return {
    scan: () => scan(first, stride, rowCount, plan.query),
    of: (row) => dot(first + row * stride, plan.query, stride),
  }
}

/** The calibrated value of a row, or its similarity where the bank has no calibration. */
function calibrate({ calibration }: Shard, row: number, similarity: number): number {
  return calibration ? (similarity - calibration.offset[row]!) * calibration.scale[row]! : similarity
}
