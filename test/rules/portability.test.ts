/** Nothing outside .ci/ leans on one operating system: Windows and macOS users run the same scripts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** What only a POSIX shell understands; && is known to all. */
const SHELL =
  /[;|<>`$*]|'|(^|\s)(rm|cp|mv|mkdir|cat|export|sh|bash|NODE_\w+=\S+|[A-Z_]+=\S+)(\s|$)|\.\/|(^|[^&])&($|[^&])/

test.each(Object.entries(scripts))('the script %s uses no shell syntax', (_, command) => {
  expect(command).not.toMatch(SHELL)
})

test('shell syntax would be seen', () => {
  for (const bad of ['rm -rf dist', 'A=1 node x.ts', 'node a.ts | cat', 'vitest test/*.ts', "echo 'x'", 'node a.ts &'])
    expect(bad).toMatch(SHELL)
  expect('biome check . && tsc --noEmit').not.toMatch(SHELL)
})

const files = ['src', 'index-build'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => join(folder, name)),
)

/** Paths and programs that only some systems have; `shell: true` brings in whatever shell there is. */
const POSIX = /['"`]\/(proc|tmp|dev|etc|usr|bin|home)\/|shell:\s*true|\bexecSync\(|process\.platform\s*!==?\s*['"]linux/

test.each(files)('%s uses no path of one system', (file) => {
  expect(readFileSync(join(root, file), 'utf8')).not.toMatch(POSIX)
})
