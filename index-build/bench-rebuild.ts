/**
 * How long `termlens build` takes after one line of a bank changed, the whole command from its start to its end:
 * `node --import ./index-build/wasm-hook.ts index-build/bench-rebuild.ts [--runs N]`. It works on a copy of the banks in a temporary folder;
 * only the measured numbers of rows in .cache/ are shared with the real build, which measures a changed term anew as it would anyway.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { parseBank, termKey } from './banks.ts'
import { median } from './bench/stats.ts'
import { EMBEDDED, readSpec } from './build.ts'
import { formatTable, thousands } from './table.ts'
import { openTextCache } from './text-cache.ts'

const assets = fileURLToPath(new URL('../assets/', import.meta.url))
const bin = fileURLToPath(new URL('bin.js', import.meta.url))
const BANK = 'flavor.txt'
const GOAL = 2

/** Terms of other banks that the model has a vector for and the changed bank has not. */
async function newTerms(bankText: string, count: number): Promise<string[]> {
  const modelDir = join(assets, 'models', EMBEDDED)
  const cache = await openTextCache(modelDir, await readSpec(modelDir))
  const known = new Set(parseBank(bankText, BANK).terms.map(({ term }) => termKey(term)))
  const other = parseBank(await readFile(join(assets, 'banks/subject.txt'), 'utf8'), 'subject.txt')
  const fresh = other.terms.filter(({ term }) => cache.has(term) && !known.has(termKey(term)))
  return fresh.slice(0, count).map(({ term }) => term)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } })
  const runs = Number(values.runs)
  const folder = await mkdtemp(join(tmpdir(), 'termlens-rebuild-'))
  try {
    for (const name of ['models', 'calibration']) await symlink(join(assets, name), join(folder, name), 'junction')
    await cp(join(assets, 'banks'), join(folder, 'banks'), { recursive: true })
    const path = join(folder, 'banks', BANK)
    const text = await readFile(path, 'utf8')
    const lines = text.split('\n')
    const changed = lines.findIndex((line, i) => i > 100 && line !== '' && !line.startsWith('#'))
    const terms = await newTerms(text, runs)

    const build = async (): Promise<number> => {
      const start = performance.now()
      await promisify(execFile)(process.execPath, [bin, 'build'], { env: { ...process.env, TERMLENS_ASSETS: folder } })
      return (performance.now() - start) / 1000
    }
    await build()
    const times: Record<string, number[]> = { 'one line changed': [], 'nothing changed': [] }
    for (const term of terms) {
      await writeFile(path, lines.with(changed, term).join('\n'))
      times['one line changed']!.push(await build())
      times['nothing changed']!.push(await build())
    }
    const rows = parseBank(text, BANK).terms.length
    console.log(
      `termlens build after a change, the whole command, all banks (${BANK}: ${thousands(rows)} terms), Node ${process.version}, medians of ${terms.length} runs; the goal is ${GOAL} s after one changed line`,
    )
    console.log(
      formatTable(
        ['what', 'median s', 'min–max'],
        Object.entries(times).map(([what, list]) => [
          what,
          median(list).toFixed(2),
          `${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)}`,
        ]),
      ),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
