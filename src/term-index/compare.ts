/** Compares the rows of a shard with a query, in the arithmetic of their dtype: docs/index-format.md, section 4. */
import type { Graph } from './encode.ts'
import type { Kernel } from './kernel.ts'
import type { Shard } from './parse.ts'
import { coarsenQuery, quantiseQuery } from './query.ts'

/** What the coarse scan of the relaxed kernel needs: the address of the rows' sums, and the greatest length of a row. */
export interface Coarse {
  sums: number
  longest: number
}

/** A query, ready to be compared with the rows of one shard. Valid until the next one is made. */
export interface Comparison {
  /** Offers every row to the search that has begun. */
  scan(): void
  /** Offers the `count` rows (u32) at this address. */
  scanList(list: number, count: number): void
  /** Offers the rows that the shard's graph leads to. */
  scanGraph(graph: Graph): void
  /** The similarity of one row: what the scans compute. */
  of(row: number): number
}

/** Surveys the rows once, where the kernel has a coarse scan. @param sums where it may keep the rows' sums */
export function survey({ exports, relaxed }: Kernel, shard: Shard, sums: number): Coarse | null {
  const { rows, stride, rowCount, rowScales } = shard
  if (!relaxed || !rowScales) return null
  return { sums, longest: exports.survey(rows.byteOffset, stride, rowCount, rowScales.byteOffset, sums) }
}

/** @param embedding of the shard's dims */
export function compare(kernel: Kernel, shard: Shard, coarse: Coarse | null, embedding: Float32Array): Comparison {
  return shard.rowScales
    ? compareInt8(kernel, shard, shard.rowScales, coarse, embedding)
    : compareFloat(kernel, shard, embedding)
}

function compareInt8(
  { exports, buffer, plan }: Kernel,
  { rows, stride, rowCount }: Shard,
  rowScales: Float32Array,
  coarse: Coarse | null,
  embedding: Float32Array,
): Comparison {
  const first = rows.byteOffset
  const scales = rowScales.byteOffset
  const query = new Int16Array(buffer, plan.query, stride).fill(0)
  const unit = quantiseQuery(embedding, query)
  const scan = () => {
    if (!coarse) return exports.scanI8(first, stride, rowCount, scales, plan.query, unit)
    const { step, slack } = coarsenQuery(query, unit, new Uint8Array(buffer, plan.coarse, stride))
    // What the coarse scan itself rounds is far below what is added here.
    const most = slack * coarse.longest * (1 + 1e-6) + 1e-12
    exports.scanI8Coarse(first, stride, rowCount, scales, plan.query, unit, plan.coarse, step, coarse.sums, most)
  }
  return {
    scan,
    scanList: (list, count) => exports.scanI8List(first, stride, list, count, scales, plan.query, unit),
    scanGraph: ({ offsets, links, nodes, entry }) =>
      exports.scanI8Graph(
        first,
        stride,
        rowCount,
        scales,
        plan.query,
        unit,
        offsets.byteOffset,
        links.byteOffset,
        nodes.byteOffset,
        entry,
        plan.visited,
        plan.aheadKeys,
        plan.aheadIds,
      ),
    of: (row) => exports.dotI8(first + row * stride, plan.query, stride) * rowScales[row]! * unit,
  }
}

function compareFloat(
  { exports, buffer, plan }: Kernel,
  { dtype, rows, stride, rowCount }: Shard,
  embedding: Float32Array,
): Comparison {
  const [scan, dot, size] =
    dtype === 'f16' ? ([exports.scanF16, exports.dotF16, 2] as const) : ([exports.scanF32, exports.dotF32, 4] as const)
  new Float32Array(buffer, plan.query, stride / size).fill(0).set(embedding)
  return {
    scan: () => scan(rows.byteOffset, stride, rowCount, plan.query),
    scanList: onlyI8,
    scanGraph: onlyI8,
    of: (row) => dot(rows.byteOffset + row * stride, plan.query, stride),
  }
}

const onlyI8 = (): never => {
  throw new Error('Codes and graphs stand beside i8 rows only.')
}
