/**
 * Compiles the search kernel: `node index-build/build-kernel.ts [path of an asc.js]`.
 * The compiler is not among the project's packages, because only this needs it; without a path npx fetches it. The same source gives the
 * same bytes. `--check` compiles, compares with the committed modules and writes nothing. `kernel/built.json` names what the modules
 * were made from, so that a test without a compiler sees a source that was changed and not compiled.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILER = 'assemblyscript@0.28.20'
const OPTIONS = '-O3 --noAssert --runtime stub --importMemory --noExportMemory --initialMemory 1 --enable simd'
const folder = fileURLToPath(new URL('../src/term-index/kernel/', import.meta.url))
/** Output, source and further options of each module. */
const MODULES: readonly [wasm: string, source: string, options: string][] = [
  ['kernel.wasm', 'kernel.ts', ''],
  ['kernel-relaxed.wasm', 'kernel.ts', '--enable relaxed-simd'],
  ['sweep.wasm', 'sweep.ts', ''],
]

const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

/** What the committed modules are, and what they would be made from now. Line ends do not count. */
export function describeKernels(): object[] {
  return MODULES.map(([wasm, source, options]) => ({
    wasm,
    sha256: sha256(readFileSync(join(folder, wasm))),
    source,
    source_sha256: sha256(readFileSync(join(folder, 'assembly', source), 'utf8').replaceAll('\r\n', '\n')),
    compiler: COMPILER,
    options: `${OPTIONS} ${options}`.trim(),
  }))
}

/** @param asc path of the compiler, or none to let npx fetch it. @returns the module's bytes */
function compile(source: string, options: string, out: string, asc: string | undefined): Buffer {
  const args = [join('assembly', source), '--outFile', out, ...`${OPTIONS} ${options}`.trim().split(' ')]
  const [command, before] = asc ? [process.execPath, [asc]] : ['npx', ['--yes', '--package', COMPILER, 'asc']]
  // npx is a batch file on Windows, which only a shell can start.
  execFileSync(command, [...before, ...args], {
    cwd: folder,
    stdio: 'inherit',
    shell: !asc && process.platform === 'win32',
  })
  return readFileSync(out)
}

if (import.meta.main) {
  const check = process.argv.includes('--check')
  const asc = process.argv.slice(2).find((argument) => argument !== '--check')
  const scratch = mkdtempSync(join(tmpdir(), 'termlens-kernel-'))
  for (const [wasm, source, options] of MODULES) {
    const compiled = compile(source, options, join(scratch, wasm), asc)
    if (check) {
      const same = compiled.equals(readFileSync(join(folder, wasm)))
      if (!same) process.exitCode = 1
      console.log(`${wasm}: ${same ? 'as committed' : 'differs from its source'}`)
    } else {
      writeFileSync(join(folder, wasm), compiled)
      console.log(`${wasm}: written`)
    }
  }
  rmSync(scratch, { recursive: true })
  if (!check) writeFileSync(join(folder, 'built.json'), `${JSON.stringify(describeKernels(), null, 2)}\n`)
}
