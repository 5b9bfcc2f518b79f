/** Who may import whom: the table of the architecture, kept by a test. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const slash = (path: string) => path.split(sep).join('/')

const sources = ['src', 'index-build'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !slash(name).includes('/assembly/'))
    .map((name) => slash(join(folder, name))),
)

/** Specifiers that a file imports; local ones as paths from the root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]|\}\s*from\s*['"]([^'"]+)['"]/g,
    ),
  ]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '')
    .map((specifier) =>
      specifier.startsWith('.') ? slash(relative(root, resolve(root, dirname(file), specifier))) : specifier,
    )
}

const ROOMS = ['src/image/', 'src/encoder/', 'src/term-index/', 'src/prompt/']
const SHARED = ['src/types.ts', 'src/errors.ts']
const WAY = [
  'src/images-binding.ts',
  'src/interrogator.ts',
  'src/tasks.ts',
  'src/vision.ts',
  'src/engine.ts',
  'src/clock.ts',
  'src/once.ts',
]

interface Rule {
  who: (file: string) => boolean
  local: (target: string, file: string) => boolean
  packages?: RegExp
}

const inside = (target: string, folders: string[]) => folders.some((folder) => target.startsWith(folder))
const roomOf = (file: string) => ROOMS.find((room) => file.startsWith(room)) ?? ''

const rules: Record<string, Rule> = {
  'types.ts and errors.ts import nothing': { who: (file) => SHARED.includes(file), local: () => false, packages: /^$/ },
  'a room imports itself, types.ts, errors.ts and its codec or runtime': {
    who: (file) => inside(file, ROOMS),
    local: (target, file) => target.startsWith(roomOf(file)) || SHARED.includes(target),
    packages: /^(onnxruntime-web\/|zod$|@huggingface\/tokenizers$)/,
  },
  'caption and tagger may also use the rooms, through their index': {
    who: (file) => inside(file, ['src/caption/', 'src/tagger/']),
    local: (target, file) =>
      target.startsWith(`${posix.dirname(file).split('/').slice(0, 2).join('/')}/`) ||
      SHARED.includes(target) ||
      /^src\/(image|encoder|term-index)\/index\.ts$/.test(target),
    packages: /^zod$/,
  },
  'the pipeline knows the rooms, not the web': {
    who: (file) => WAY.includes(file),
    local: (target) =>
      inside(target, [...ROOMS, 'src/caption/', 'src/tagger/']) || SHARED.includes(target) || WAY.includes(target),
    packages: /^$/,
  },
  'http knows the pipeline and its own packages': {
    who: (file) => inside(file, ['src/http/']),
    local: (target) =>
      inside(target, ['src/http/']) ||
      SHARED.includes(target) ||
      ['src/interrogator.ts', 'src/tasks.ts', 'src/clock.ts'].includes(target),
    packages: /^(hono|@hono)(\/|$)|^zod$|^@remix-run\/multipart-parser$/,
  },
  'the entries know no other entry': {
    who: (file) => /^src\/(worker|worker-free|worker-base|node)\.ts$/.test(file),
    local: (target) => !/^src\/(worker|worker-free|node)\.ts$/.test(target) && target.startsWith('src/'),
  },
  'index-build uses src, but not the widget': {
    who: (file) => inside(file, ['index-build/']),
    local: (target) => !target.startsWith('src/widget/'),
  },
}

test('every source file has a rule', () => {
  const ruled = (file: string) => Object.values(rules).some(({ who }) => who(file))
  expect(sources.filter((file) => !ruled(file))).toEqual([])
})

describe.each(Object.entries(rules))('%s', (_, { who, local, packages }) => {
  test.each(sources.filter(who))('%s', (file) => {
    const bad = importsOf(file).filter((target) => {
      if (target.startsWith('src/') || target.startsWith('index-build/')) return !local(target, file)
      return packages ? !packages.test(target) : false
    })
    expect(bad).toEqual([])
  })
})

test('a forbidden import would be seen', () => {
  const rule = rules['a room imports itself, types.ts, errors.ts and its codec or runtime']!
  expect(rule.local('src/http/app.ts', 'src/image/index.ts')).toBe(false)
  expect(rule.packages!.test('node:fs')).toBe(false)
  expect(importsOf('src/vision.ts')).toContain('src/image/index.ts')
})
