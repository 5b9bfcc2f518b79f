/** Plain text tables for reports. */

export type Cell = string | number | null

/** Columns are as wide as they must be; numbers stand to the right, `null` is `–`. @returns lines without a final line end */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [header, ...rows.map((row) => row.map(cellText))]
  const widths = header.map((_, i) => Math.max(...texts.map((row) => width(row[i] ?? ''))))
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] !== 'string'))
  const lines = texts.map((row) =>
    row.map((text, i) => (right[i] ? pad(text, widths[i]!) + text : text + pad(text, widths[i]!))).join('  '),
  )
  lines.splice(1, 0, widths.map((n) => '-'.repeat(n)).join('  '))
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** `1,234,567` */
export const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `97.3 %` of a share between 0 and 1. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const cellText = (cell: Cell): string => (cell === null ? '–' : typeof cell === 'number' ? thousands(cell) : cell)

const pad = (text: string, size: number): string => ' '.repeat(size - width(text))

/** Chinese and other wide characters take two cells of a terminal. */
const width = (text: string): number =>
  Array.from(text).reduce(
    (n, char) =>
      n +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(char)
        ? 2
        : 1),
    0,
  )
