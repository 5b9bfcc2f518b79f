/**
 * What calibration and flags are made of, for each row of a bank: how its cosine is spread over the calibration pictures, and the model's
 * evidence for it. A term's numbers depend on nothing but its own vectors, so they are kept, and a changed term costs only itself.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TextEncoder as TextVectors } from '../src/types.ts'
import type { Bank } from './banks.ts'
import { measureSpread } from './calibration.ts'
import { type LabelCounts, rowEvidence } from './evidence.ts'
import { writeWhole } from './publish.ts'

export interface RowStatistics {
  /** Mean and standard deviation of the row's cosine over the pictures; 0 where there are none. */
  mean: Float64Array
  deviation: Float64Array
  /** 0 to 1. */
  evidence: Float32Array
}

/** What the numbers are measured with. */
export interface Measure {
  /** Embeddings of the calibration pictures; may be empty. */
  pictures: readonly Float32Array[]
  labels: LabelCounts | null
  encoder: TextVectors
  /** Folder for numbers measured before; null to measure all. */
  cacheDir: string | null
}

/** Changed whenever the formulas are, so that numbers of other formulas are not taken up. */
const FORMULAS = 1

/** @param vectors of the bank's rows, all templates of the first term first */
export async function rowStatistics(
  bank: Bank,
  vectors: readonly Float32Array[],
  measure: Measure,
): Promise<RowStatistics> {
  const perTerm = bank.templates.length
  // With nothing to measure by there is nothing worth keeping.
  const isTrivial = measure.labels === null && measure.pictures.length === 0
  const path = measure.cacheDir && !isTrivial ? join(measure.cacheDir, `rows-${bank.name}.json`) : null
  const context = await contextOf(measure)
  const known = path ? await readCache(path, context) : new Map<string, number[]>()
  const keys = bank.terms.map(({ term }, i) => keyOf(term, vectors.slice(i * perTerm, (i + 1) * perTerm)))

  const missing = keys.flatMap((key, i) => (known.has(key) ? [] : [i]))
  if (missing.length > 0) {
    const some = { ...bank, terms: missing.map((i) => bank.terms[i]!) }
    const rows = missing.flatMap((i) => vectors.slice(i * perTerm, (i + 1) * perTerm))
    const { mean, deviation } = await measureSpread(rows, measure.pictures)
    const evidence = await rowEvidence(some, rows, measure.labels, measure.encoder)
    for (const [n, i] of missing.entries()) {
      const numbers = Array.from({ length: perTerm }, (_, template) => n * perTerm + template)
      known.set(
        keys[i]!,
        numbers.flatMap((row) => [mean[row]!, deviation[row]!, evidence[row]!]),
      )
    }
  }
  const used = new Map(keys.map((key) => [key, known.get(key)!]))
  if (path && missing.length > 0) await writeCache(measure.cacheDir!, `rows-${bank.name}.json`, context, used)

  const numbers = keys.flatMap((key) => used.get(key)!)
  const column = (offset: number) => Float64Array.from(vectors, (_, row) => numbers[3 * row + offset]!)
  return { mean: column(0), deviation: column(1), evidence: Float32Array.from(column(2)) }
}

/** Digest of everything that a row is measured with. */
async function contextOf({ pictures, labels, encoder }: Measure): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([FORMULAS, pictures.length, labels]))
  const texts = Object.values(labels ?? {}).flatMap((counts) => Object.keys(counts))
  for (const vector of [...pictures, ...(await encoder.encode(texts))]) digest.update(bytesOf(vector))
  return digest.digest('hex')
}

function keyOf(term: string, vectors: readonly Float32Array[]): string {
  const digest = createHash('sha256').update(term)
  for (const vector of vectors) digest.update(bytesOf(vector))
  return digest.digest('hex').slice(0, 32)
}

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)

/** Numbers by key; none where the file is missing, damaged, or of another context. */
async function readCache(path: string, context: string): Promise<Map<string, number[]>> {
  try {
    const cache = JSON.parse(await readFile(path, 'utf8')) as { context: string; rows: Record<string, number[]> }
    return new Map(cache.context === context ? Object.entries(cache.rows) : [])
  } catch {
    return new Map()
  }
}

async function writeCache(folder: string, file: string, context: string, rows: Map<string, number[]>): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeWhole(folder, file, new TextEncoder().encode(JSON.stringify({ context, rows: Object.fromEntries(rows) })))
}
