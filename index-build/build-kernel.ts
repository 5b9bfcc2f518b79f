/**
 * Compiles the search kernel: `node index-build/build-kernel.ts [path of an asc.js]`.
 * The compiler is not among the project's packages, because only this needs it; without a path npx fetches it.
 * The same source gives the same bytes; `--check` compares them with the committed ones instead of writing.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '0.28.20'
const OPTIONS = '-O3 --noAssert --runtime stub --importMemory --noExportMemory --initialMemory 1 --enable simd'.split(
  ' ',
)
const folder = fileURLToPath(new URL('../src/term-index/kernel/', import.meta.url))
/** Output, source and further options of each module. */
const MODULES: [wasm: string, source: string, options: string[]][] = [
  ['kernel.wasm', 'kernel.ts', []],
  ['kernel-relaxed.wasm', 'kernel.ts', ['--enable', 'relaxed-simd']],
  ['sweep.wasm', 'sweep.ts', []],
]

/** Compiles one module. @returns its bytes */
export function compile(source: string, options: readonly string[], out: string, asc?: string): Buffer {
  const args = [join('assembly', source), '--outFile', out, ...OPTIONS, ...options]
  if (asc) execFileSync(process.execPath, [asc, ...args], { cwd: folder, stdio: 'inherit' })
  else
    execFileSync('npx', ['--yes', '--package', `assemblyscript@${VERSION}`, 'asc', ...args], {
      cwd: folder,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
  return readFileSync(out)
}

if (import.meta.main) {
  const check = process.argv.includes('--check')
  const asc = process.argv.slice(2).find((argument) => argument !== '--check')
  const scratch = mkdtempSync(join(tmpdir(), 'termlens-kernel-'))
  for (const [wasm, source, options] of MODULES) {
    const compiled = join(scratch, wasm)
    const same = compile(source, options, compiled, asc).equals(
      check ? readFileSync(join(folder, wasm)) : Buffer.alloc(0),
    )
    if (!check) await copyFile(compiled, join(folder, wasm))
    else if (!same) process.exitCode = 1
    console.log(check ? `${wasm}: ${same ? 'as committed' : 'differs from its source'}` : `${wasm}: written`)
  }
  rmSync(scratch, { recursive: true })
}
