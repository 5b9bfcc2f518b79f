/** Section `request`: the Worker in real workerd, as deployed: time, cold start, memory, size. */
import { join } from 'node:path'
import { note } from '../console.ts'
import { assetsTable, coldTable } from './cold.ts'
import type { Table } from './markdown.ts'
import { memoryTable } from './memory.ts'
import { warmTables } from './warm.ts'
import { type Bundle, bundle, removeBundle } from './wrangler.ts'

const kibibytes = (n: number) => Math.round(n).toLocaleString('en-US')

/** @param runs warm requests for each picture */
export async function requestSection(runs: number): Promise<Table[]> {
  const bundles: Bundle[] = []
  const make = async (env: string, entry?: string) => {
    const made = await bundle(env, entry)
    bundles.push(made)
    return made
  }
  try {
    note('bundling, as `wrangler deploy --dry-run` does')
    const worker = await make('')
    const free = await make('free')
    const probed = await make('', join('index-build', 'bench', 'probed-worker.ts'))
    return [
      ...(await warmTables(worker, runs)),
      await coldTable(worker),
      await assetsTable(probed),
      await memoryTable(probed),
      sizeTable(worker, free),
    ]
  } finally {
    await Promise.all(bundles.map(removeBundle))
  }
}

const sizeTable = (worker: Bundle, free: Bundle): Table => ({
  title: 'Size of the Worker, KiB',
  header: ['entry', 'raw', 'gzipped', 'budget, gzipped'],
  rows: [
    ['the Worker', kibibytes(worker.bytes / 1024), kibibytes(worker.gzipKiB), kibibytes(10 * 1024)],
    ['the free entry: embeddings only', kibibytes(free.bytes / 1024), kibibytes(free.gzipKiB), kibibytes(1024)],
  ],
})
