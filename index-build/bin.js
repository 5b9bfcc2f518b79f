#!/usr/bin/env node
import './wasm-hook.ts'

await import('./cli.ts')
