/** Section `index`: the programs that measure the search, each in a process of its own, so that none warms another's code. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { note } from '../console.ts'
import type { Table } from './markdown.ts'
import { root } from './wrangler.ts'

const PROGRAMS = ['bench-index.ts', 'bench-graph.ts', 'bench-engines.ts', 'bench-rebuild.ts']

export async function indexSection(): Promise<Table[]> {
  const tables: Table[] = []
  for (const program of PROGRAMS) {
    const path = join('index-build', program)
    if (!existsSync(join(root, path))) {
      note(`SKIPPED: there is no ${path}.`)
      continue
    }
    note(`running ${path}`)
    const args = ['--import', './index-build/wasm-hook.ts', path]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
    tables.push(parseTable(stdout))
  }
  return tables
}

/** A report with one table of ../table.ts: a title, the table, and notes. @throws Error where there is no table */
export function parseTable(report: string): Table {
  const lines = report.trimEnd().split(/\r?\n/)
  const rule = lines.findIndex((line) => /^-+( {2}-+)*$/.test(line))
  if (rule < 1) throw new Error(`There is no table in:\n${report}`)
  const columns = [...lines[rule]!.matchAll(/-+/g)].map(
    ({ index, 0: dashes }) => [index, index + dashes.length] as const,
  )
  const cells = (line: string) => columns.map(([from, to]) => line.slice(from, to).trim())
  const after = lines.slice(rule + 1)
  const end = after.findIndex((line) => line.trim() === '' || /^[A-Z ]+:/.test(line))
  const rows = end < 0 ? after : after.slice(0, end)
  return {
    title: lines.slice(0, rule - 1).join(' '),
    header: cells(lines[rule - 1]!),
    rows: rows.map(cells),
    notes: after.slice(rows.length).filter((line) => line.trim() !== ''),
  }
}
