/** Looks into an index: sections, sizes, themes, neighbours of a term, and terms that come first for too many pictures. */
import { TermlensError } from '../src/errors.ts'
import { type Graph, SECTION, type StaticIndex } from '../src/term-index/index.ts'
import { termAt } from '../src/term-index/labels.ts'
import type { Ranked } from '../src/types.ts'
import { termKey } from './banks.ts'
import { formatTable, percent, thousands } from './table.ts'

export interface BankInspection {
  name: string
  file: string
  bytes: number
  terms: number
  rows: number
  dtype: string
  engine: string
  templates: string[]
  sections: { name: string; offset: number; length: number }[]
  /** Levels above the rows, links of a row on average, and how many rows a search keeps; null for a bank without a graph. */
  graph: { levels: number; links: number; ef: number } | null
  /** Terms of each theme, in the bank's order. */
  themes: { theme: string; terms: number }[]
  hubs: Hubs | null
}

/** How often terms are among the ten best, over all pictures, by plain cosine (before) and by calibrated score (after). */
export interface Hubs {
  pictures: number
  /** Different terms that were among the ten best at all. */
  distinct: { before: number; after: number }
  /** The most frequent by plain cosine, then the most frequent by score. */
  terms: { term: string; before: number; after: number }[]
}

export interface Inspection {
  version: string
  model: { name: string; digest: string }
  rules: string
  bytes: number
  memory: number
  banks: BankInspection[]
}

const TOP = 10
const HUBS = 5

/** @param pictures embeddings of the calibration pictures; null to leave hubs out */
export async function inspectIndex(index: StaticIndex, pictures: readonly Float32Array[] | null): Promise<Inspection> {
  const { manifest } = index
  const banks: BankInspection[] = []
  for (const { name, file, bytes, terms, rows, engine } of manifest.banks) {
    const shard = index.shard(name)
    const perTheme = shard.meta.themes.map((theme) => ({ theme, terms: 0 }))
    for (const theme of shard.themes) perTheme[theme]!.terms++
    banks.push({
      name,
      file,
      bytes,
      terms,
      rows,
      dtype: shard.dtype,
      engine,
      templates: shard.meta.templates,
      sections: shard.sections.map(({ id, offset, length }) => ({ name: sectionName(id), offset, length })),
      graph: shard.graph && inspectGraph(shard.graph, rows),
      themes: perTheme.filter((theme) => theme.terms > 0),
      hubs: pictures && pictures.length > 0 ? await findHubs(index, name, pictures) : null,
    })
  }
  const { model, rules, bytes } = manifest
  return {
    version: index.version,
    model: { name: model.name, digest: model.digest },
    rules,
    bytes,
    memory: index.bytes,
    banks,
  }
}

function inspectGraph({ nodes, offsets, ef }: Graph, rows: number): { levels: number; links: number; ef: number } {
  let levels = 0
  for (let i = nodes.length - 1; i > 0; levels++) {
    const lower = nodes[i]!
    i = lower < rows ? -1 : 2 * (lower - rows) + 1
  }
  return { levels, links: offsets[rows]! / rows, ef }
}

const sectionName = (id: number): string => Object.entries(SECTION).find(([, known]) => known === id)?.[0] ?? String(id)

async function findHubs(index: StaticIndex, bank: string, pictures: readonly Float32Array[]): Promise<Hubs> {
  const before = new Map<string, number>()
  const after = new Map<string, number>()
  for (const picture of pictures) {
    for (const [counts, by] of [
      [before, 'similarity'],
      [after, 'score'],
    ] as const) {
      const terms = new Set((await index.rank(bank, picture, TOP, { by })).map(({ term }) => term))
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    }
  }
  const most = (counts: Map<string, number>) =>
    [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, HUBS)
  const terms = [...new Set([...most(before), ...most(after)].map(([term]) => term))]
  return {
    pictures: pictures.length,
    distinct: { before: before.size, after: after.size },
    terms: terms.map((term) => ({ term, before: before.get(term) ?? 0, after: after.get(term) ?? 0 })),
  }
}

/**
 * The rows nearest to a term's first row, its own rows left out, by plain cosine.
 * @param term as in the bank; case, spacing and hyphens do not count @throws TermlensError `bank_unknown`, `option_invalid`
 */
export async function neighbours(index: StaticIndex, bank: string, term: string, k: number): Promise<Ranked[]> {
  const shard = index.shard(bank)
  const key = termKey(term)
  const row = shard.rowTerms.findIndex((id) => termKey(termAt(shard, id)) === key)
  if (row < 0) {
    throw new TermlensError('option_invalid', `The bank ${bank} has no term "${term}".`, {
      hint: 'Terms are listed in assets/banks.',
    })
  }
  const ranked = await index.rank(bank, index.vector(bank, row), k + shard.meta.templates.length, { by: 'similarity' })
  return ranked.filter((found) => termKey(found.term) !== key).slice(0, k)
}

export function formatNeighbours(found: readonly Ranked[]): string {
  return formatTable(
    ['cosine', 'row', 'text', 'flags'],
    found.map((item) => [item.similarity.toFixed(4), item.row, item.text, item.flags.join(' ')]),
  )
}

/** The whole inspection as text. @param bank only this one, with its sections and themes */
export function formatInspection(inspection: Inspection, bank?: string): string {
  const { model, banks } = inspection
  const overview = formatTable(
    ['bank', 'terms', 'rows', 'type', 'engine', 'bytes', 'bytes/row'],
    banks.map((b) => [
      b.name,
      b.terms,
      b.rows,
      b.dtype,
      b.engine,
      b.bytes,
      b.rows > 0 ? Math.round(b.bytes / b.rows) : 0,
    ]),
  )
  const head = `index ${inspection.version} for ${model.name} (${model.digest.slice(0, 16)}), rules ${inspection.rules}, ${thousands(inspection.bytes)} bytes on disk, ${thousands(inspection.memory)} in memory`
  const details = banks
    .filter(({ name }) => bank === undefined || name === bank)
    .map((b) => formatBank(b, bank !== undefined))
  return [head, overview, ...details].filter(Boolean).join('\n\n')
}

function formatBank(bank: BankInspection, whole: boolean): string {
  const parts: string[] = []
  if (whole) {
    parts.push(
      formatTable(
        ['section', 'offset', 'bytes'],
        bank.sections.map((s) => [s.name, s.offset, s.length]),
      ),
    )
    parts.push(
      formatTable(
        ['theme', 'terms'],
        bank.themes.map((t) => [t.theme || '(none)', t.terms]),
      ),
    )
    if (bank.graph) {
      const { levels, links, ef } = bank.graph
      parts.push(`graph: ${levels} levels above the rows, ${links.toFixed(1)} links a row, a search keeps ${ef} rows`)
    }
  }
  if (bank.hubs) {
    const { pictures, distinct, terms } = bank.hubs
    parts.push(
      `${bank.name}: ${distinct.before} terms were among the ten best of ${pictures} pictures by cosine, ${distinct.after} by score`,
    )
    parts.push(
      formatTable(
        ['most frequent', 'by cosine', 'by score'],
        terms.map((t) => [t.term, percent(t.before / pictures), percent(t.after / pictures)]),
      ),
    )
  }
  return parts.join('\n')
}
