import '../wasm-hook.ts'

await import('./main.ts')
