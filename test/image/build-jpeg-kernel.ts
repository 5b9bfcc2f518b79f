/**
 * Compiles the JPEG decoder: `node test/image/build-jpeg-kernel.ts [path of an asc.js]`; without a path npx fetches the
 * compiler. The same source gives the same bytes; `--check` compares them with the committed ones instead of writing.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '0.28.20'
const OPTIONS =
  '-O3 --noAssert --runtime stub --importMemory --noExportMemory --initialMemory 1 --enable simd --use abort='.split(
    ' ',
  )
const folder = fileURLToPath(new URL('../../src/image/jpeg/kernel/', import.meta.url))
const target = join(folder, 'jpeg.wasm')

/** Compiles the kernel with the compiler at `asc`, or with what npx fetches. @returns its bytes */
export function compile(asc?: string): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), 'termlens-jpeg-'))
  try {
    const out = join(scratch, 'jpeg.wasm')
    const args = [join('assembly', 'index.ts'), '--outFile', out, ...OPTIONS]
    const npx = ['--yes', '--package', `assemblyscript@${VERSION}`, 'asc', ...args]
    if (asc) execFileSync(process.execPath, [asc, ...args], { cwd: folder, stdio: 'inherit' })
    else execFileSync('npx', npx, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
    return readFileSync(out)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The committed kernel. */
export const committed = (): Uint8Array => readFileSync(target)

if (import.meta.main) {
  const compiled = compile(process.argv.slice(2).find((argument) => argument !== '--check'))
  if (!process.argv.includes('--check')) writeFileSync(target, compiled)
  else if (Buffer.compare(compiled, committed()) !== 0) {
    console.error('jpeg.wasm differs from its source')
    process.exitCode = 1
  }
}
