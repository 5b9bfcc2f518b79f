/** Makes `import module from './x.wasm'` give a compiled `WebAssembly.Module` in Node, as it does in workerd. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.wasm')) return nextLoad(url, context)
    const source = `import { readFileSync } from 'node:fs'
export default new WebAssembly.Module(readFileSync(${JSON.stringify(fileURLToPath(url))}))`
    return { format: 'module', source, shortCircuit: true }
  },
})

/** The same for Vite, whose modules Node's hooks do not see. */
export const wasmModule = () => ({
  name: 'wasm-module',
  enforce: 'pre' as const,
  load(id: string) {
    if (!id.endsWith('.wasm')) return undefined
    return `export default new WebAssembly.Module(Buffer.from("${readFileSync(id).toString('base64')}", "base64"))`
  },
})
