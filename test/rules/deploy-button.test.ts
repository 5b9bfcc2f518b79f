/** What the "Deploy to Cloudflare" button asks of a repository: everything in it, and every binding described. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const config = read('wrangler.toml')
const { cloudflare, scripts, dependencies, devDependencies } = JSON.parse(read('package.json')) as {
  cloudflare: { bindings: Record<string, { description: string }> }
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

test('every binding and every variable that a user may set is described', () => {
  const bound = [...config.matchAll(/^(?:binding|name) = "([A-Z_]+)"/gm)].map(([, name]) => name)
  const settable = [...read('.dev.vars.example').matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name)
  const names = [...new Set([...bound, ...settable])]
  expect(names).toContain('ASSETS')
  expect(names.filter((name) => !cloudflare.bindings[name!]?.description)).toEqual([])
})

test('it builds and deploys by scripts of the root, and links to nothing outside it', () => {
  expect(scripts.deploy).toBeDefined()
  expect(existsSync(fileURLToPath(new URL('../../package-lock.json', import.meta.url)))).toBe(true)
  const versions = Object.values({ ...dependencies, ...devDependencies })
  expect(versions.filter((version) => /^(file|link|workspace|git|https?):|\.\./.test(version))).toEqual([])
  expect(config).not.toContain('../')
})
