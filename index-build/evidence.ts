/**
 * How much a model was shown of what a term means. A small model ranks thousands of terms and knows a few hundred: a term that lies near
 * nothing it was trained on is answered by chance.
 *
 *   evidence(term) = max over labels l of  n(l) / (n(l) + 1) · cos⁺(text(term), text(l))
 *
 * n(l) is the number of training pictures with the label l, and the cosine counts as 1 where the term is the label. Labels of the bank's own
 * kind count for the banks `artist`, `medium`, `movement` and `subject`; the others may draw on all kinds. The formula and what it gives
 * are in docs/models.md.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { TermlensError } from '../src/errors.ts'
import type { ModelSpec, TextEncoder as TextVectors } from '../src/types.ts'
import type { Bank } from './banks.ts'
import { createDots } from './float-dots.ts'

/** Below this a term is flagged `unproven`: it can be searched for, but no prompt volunteers it. */
export const PROVEN = 0.4

/** Training pictures per label, by kind. */
export type LabelCounts = Record<string, Record<string, number>>

const schema = z.record(z.string(), z.record(z.string(), z.number().int().positive()))

/** The labels of a model that names them; null for one that does not, whose terms are all taken as proven. @throws TermlensError `setup_missing` */
export async function readLabels(modelDir: string, spec: ModelSpec): Promise<LabelCounts | null> {
  if (spec.text.labels === undefined) return null
  const path = join(modelDir, spec.text.labels)
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new TermlensError('setup_missing', `The model's labels ${path} could not be read.`, { cause })
  }
}

/**
 * @param vectors of the bank's rows, all templates of the first term first @param labels of the model, null where it names none
 * @returns 0 to 1 for each row
 */
export async function rowEvidence(
  bank: Bank,
  vectors: readonly Float32Array[],
  labels: LabelCounts | null,
  encoder: TextVectors,
): Promise<Float32Array> {
  if (!labels) return new Float32Array(vectors.length).fill(1)
  const own = labels[bank.name]
  const counted = Object.entries(own ?? Object.assign({}, ...Object.values(labels))) as [string, number][]
  const trust = counted.map(([, n]) => n / (n + 1))
  const texts = await encoder.encode(counted.map(([label]) => label))
  if (texts.length === 0) return new Float32Array(vectors.length)
  const dots = await createDots(texts, texts[0]!.length)
  const named = new Map(counted.map(([label], i) => [bare(label), trust[i]!]))
  const templates = bank.templates.length
  return Float32Array.from(vectors, (vector, row) => {
    let most = named.get(bare(bank.terms[Math.floor(row / templates)]!.term)) ?? 0
    for (const [i, cosine] of dots(vector).entries()) most = Math.max(most, trust[i]! * cosine)
    return Math.min(most, 1)
  })
}

/** A label as it is compared: without article, case, hyphens and underscores. */
const bare = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[-_]/g, ' ')
    .replace(/^(an?|the) /, '')
