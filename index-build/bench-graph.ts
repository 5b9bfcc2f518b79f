/**
 * The graph searched in place, beside hnswlib-wasm's own `searchKnn` over the same graph, at breadths of search (ef) that find as much:
 * `node --import ./index-build/wasm-hook.ts index-build/bench-graph.ts [--runs N] [--rows N]`. hnswlib's index cannot be kept, so it is built
 * anew by every run: a millisecond a row and more.
 */
import { parseArgs } from 'node:util'
import relaxedKernel from '../src/term-index/kernel/kernel-relaxed.wasm'
import { BANK, formatTiming, openBank, type Timing, timeInterleaved } from './bench/one-bank.ts'
import { termRows } from './bench/term-rows.ts'
import { indexRows } from './graph.ts'
import { recallOf } from './recall.ts'
import { packRows } from './rows.ts'
import { formatTable, percent } from './table.ts'

const TOP = 10
const BREADTHS = [40, 64, 128, 256, 512]

export interface GraphRow {
  rows: number
  ef: number
  /** recall@10 and time of a search, in place and by hnswlib-wasm. */
  ours: Timing & { recall: number }
  theirs: Timing & { recall: number }
}

/** @param vectors of the rows @param queries embeddings of pictures @param runs over all queries, after two to warm up */
export async function benchGraph(
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  runs: number,
): Promise<GraphRow[]> {
  const dims = vectors[0]!.length
  const packed = packRows(vectors, dims, 'i8')
  const { hnsw, write } = await indexRows(packed.rows, packed.scales!, dims)
  const links = write()
  const rows = new Int8Array(packed.rows.buffer)
  const results: GraphRow[] = []
  for (const ef of BREADTHS) {
    hnsw.setEfSearch(ef)
    const index = await openBank(rows, packed.scales!, dims, { graph: { ...links, ef }, kernel: relaxedKernel })
    const [ours, theirs] = await timeInterleaved(
      [
        async () => {
          for (const query of queries) await index.rank(BANK, query, TOP)
        },
        () => {
          for (const query of queries) hnsw.searchKnn(query, TOP, undefined)
        },
      ],
      runs,
    )
    // Asked for more, ours would keep more: each is asked for as many as when it was timed.
    const find = async (query: Float32Array) => (await index.rank(BANK, query, TOP)).map(({ row }) => row)
    const recall = {
      ours: (await recallOf(find, vectors, queries))[TOP],
      theirs: (await recallOf((query) => hnsw.searchKnn(query, TOP, undefined).neighbors, vectors, queries))[TOP],
    }
    const each = ({ median, min, max }: Timing): Timing => ({
      median: median / queries.length,
      min: min / queries.length,
      max: max / queries.length,
    })
    results.push({
      rows: vectors.length,
      ef,
      ours: { ...each(ours!), recall: recall.ours },
      theirs: { ...each(theirs!), recall: recall.theirs },
    })
  }
  hnsw.delete()
  return results
}

export function formatGraphs(results: readonly GraphRow[]): string {
  return formatTable(
    ['rows', 'ef', 'in place ms', 'min–max', 'recall@10', 'searchKnn ms', 'min–max', 'recall@10', '× searchKnn'],
    results.map(({ rows, ef, ours, theirs }) => [
      rows,
      ef,
      ...formatTiming(ours, 3),
      percent(ours.recall),
      ...formatTiming(theirs, 3),
      percent(theirs.recall),
      (theirs.median / ours.median).toFixed(1),
    ]),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '7' }, rows: { type: 'string', default: '10000' } },
  })
  const rows = await termRows()
  const results = await benchGraph(rows.take(Number(values.rows)), rows.queries, Number(values.runs))
  console.log(
    `Graph search in place and by hnswlib-wasm, ${rows.dims} dimensions, top ${TOP}, ${rows.queries.length} pictures as queries, a search each, Node ${process.version}, medians of ${values.runs} interleaved runs; rows from ${rows.source}\n${formatGraphs(results)}`,
  )
  for (const line of rows.missing([Number(values.rows)])) console.log(line)
}
