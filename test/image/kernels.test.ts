/** The compiled decoders are what their sources give, and ask for nothing but memory. */
import { expect, test } from 'vitest'
import avif from '../../src/image/avif/kernel/avif.wasm'
import jpeg from '../../src/image/jpeg/kernel/jpeg.wasm'
import webp from '../../src/image/webp/kernel/webp.wasm'
import { committed, compile } from './build-jpeg-kernel.ts'

const imports = (module: WebAssembly.Module) =>
  WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`)

test('the kernels import memory, and the JPEG kernel its input', () => {
  expect(imports(jpeg).sort()).toEqual(['env.memory', 'host.refill'])
  expect(imports(webp)).toEqual(['env.memory'])
  expect(imports(avif)).toEqual(['env.memory'])
})

// webp.wasm and avif.wasm: `python src/image/build_codecs.py --check`, which needs Python and Zig.
const asc = process.env.TERMLENS_ASC
test.skipIf(!asc)('jpeg.wasm is what its source gives (TERMLENS_ASC names an asc.js)', () => {
  expect(Buffer.compare(compile(asc), committed())).toBe(0)
})
