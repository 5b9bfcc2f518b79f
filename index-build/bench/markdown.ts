/** Tables in Markdown, and the place in a file that they are written to. */
import { readFile, writeFile } from 'node:fs/promises'

export interface Table {
  /** A line before the table. */
  title: string
  header: readonly string[]
  rows: readonly (readonly string[])[]
  /** Lines after the table. */
  notes?: readonly string[]
}

/** The first column stands to the left, the others to the right. */
export function toMarkdown({ title, header, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = header.map((_, i) => (i === 0 ? '---' : '---:'))
  return [`**${title}**`, '', line(header), line(rule), ...rows.map(line), ...notes.flatMap((text) => ['', text])].join(
    '\n',
  )
}

export const BEGIN = '<!-- bench:begin -->'
export const END = '<!-- bench:end -->'

/** Puts `text` between the markers of `file`, whose line ends it keeps. @throws Error where the markers are not there, in order */
export async function writeBetweenMarkers(file: string, text: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const begin = before.indexOf(BEGIN)
  const end = before.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${file} has no ${BEGIN} with ${END} after it.`)
  const lineEnd = before.includes('\r\n') ? '\r\n' : '\n'
  const lines = ['', '', ...text.split('\n'), '', ''].join(lineEnd)
  await writeFile(file, before.slice(0, begin + BEGIN.length) + lines + before.slice(end))
}
