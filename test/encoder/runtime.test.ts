/** The ground that the onnxruntime-web shim stands on, compared with the installed package. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ortGround } from '../../src/encoder/runtime.ts'

const dist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
const bundle = readFileSync(join(dist, 'ort.wasm.bundle.min.mjs'), 'utf8')

test('the installed onnxruntime-web is the one the shim was written for', () => {
  const { version } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8')) as { version: string }
  expect(version).toBe(ortGround.version)
})

test('malloc and free have the minified names that the shim wraps', () => {
  expect(/_malloc=\w+\.(\w+)/.exec(bundle)?.[1]).toBe(ortGround.malloc)
  expect(/_free=\w+\.(\w+)/.exec(bundle)?.[1]).toBe(ortGround.free)
})

test('the model is copied by one malloc of its size and freed after the session is made', () => {
  expect(bundle).toMatch(/_malloc\(\w+\.byteLength\)/)
  expect(bundle).toMatch(/finally\{\w+\._free\(\w+\),/)
})
