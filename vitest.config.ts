import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { wasmModule } from './index-build/wasm-hook.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The Worker's log lines of failures that a test provokes.
    onConsoleLog: (line) => !line.startsWith('{"level":'),
    projects: [
      {
        extends: true,
        plugins: [wasmModule()],
        test: {
          name: 'node',
          execArgv: ['--import', './index-build/wasm-hook.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/workerd/**', 'test/browser/**'],
        },
      },
      {
        extends: true,
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: { name: 'workerd', include: ['test/workerd/**/*.test.ts'] },
      },
    ],
  },
})
