/** What the README shows is what a newcomer gets. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { loadLocalEngine } from '../../index-build/local-engine.ts'
import { startClock } from '../../src/clock.ts'
import { interrogateOptions } from '../../src/http/schemas.ts'
import { interrogate } from '../../src/interrogator.ts'

const root = new URL('../../', import.meta.url)
const readme = await readFile(new URL('README.md', root), 'utf8')

test('the curl of the README gives the prompt of the README', async () => {
  const picture = /curl -F image=@(\S+)/.exec(readme)?.[1] ?? ''
  const shown = /"prompt": "([^"]+)"/.exec(readme)?.[1]
  const image = new Uint8Array(await readFile(new URL(picture, root)))
  const { prompt, tokens, index } = await interrogate(
    { image },
    interrogateOptions.parse({}),
    await loadLocalEngine(),
    { clock: startClock() },
  )
  expect(prompt).toBe(shown)
  expect(readme).toContain(`"tokens": ${tokens}`)
  expect(readme).toContain(index.version)
})

test('the pages, pictures and folders that it links are there', async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!)
  const folders = links.filter((path) => !/\.\w+$/.test(path))
  await Promise.all(links.filter((path) => !folders.includes(path)).map((path) => readFile(new URL(path, root))))
  expect(links.length).toBeGreaterThan(8)
})

test('the two commands are shown', () => {
  expect(readme).toContain('npm install && npm start')
  expect(readme).toContain('npm install && npm test')
})
