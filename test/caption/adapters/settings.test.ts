import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseCaptioners } from '../../../src/caption/adapters/settings.ts'
import { TermlensError } from '../../../src/errors.ts'

const parse = (value: unknown) => parseCaptioners(JSON.stringify(value))
const ollama = { protocol: 'ollama', url: 'http://127.0.0.1:11434', model: 'llava' }

function messageOf(value: unknown): string {
  try {
    parseCaptioners(typeof value === 'string' ? value : JSON.stringify(value))
  } catch (error) {
    expect(error).toBeInstanceOf(TermlensError)
    expect((error as TermlensError).code).toBe('setup_missing')
    return (error as TermlensError).message
  }
  return expect.fail('it was taken')
}

test('nothing set is no captioner', () => {
  expect(parseCaptioners(undefined)).toEqual([])
  expect(parseCaptioners(' ')).toEqual([])
  expect(parse([])).toEqual([])
})

test('what is left out has its default', () => {
  expect(parse([ollama])).toEqual([{ ...ollama, name: 'ollama', timeout_ms: 15_000, concurrency: 4 }])
  expect(parse([{ protocol: 'cog', url: 'http://blip:5000/' }])[0]).toMatchObject({
    url: 'http://blip:5000',
    describe: { image: '{image}', task: 'image_captioning' },
    answer: { image: '{image}', task: 'visual_question_answering', question: '{question}' },
  })
  expect(parse([{ protocol: 'replicate', model: 'salesforce/blip', key: 'R' }])[0]).toMatchObject({
    url: 'https://api.replicate.com/v1',
  })
})

test('the order stays, and each has a name of its own', () => {
  const names = parse([ollama, { ...ollama, name: 'spare' }, ollama, ollama]).map(({ name }) => name)
  expect(names).toEqual(['ollama', 'spare', 'ollama-2', 'ollama-3'])
})

test.each<[string, unknown, RegExp]>([
  ['no JSON', '[{"key": "sk-topsecret"', /is not JSON/],
  ['no list', ollama, /at the top/],
  ['another protocol', [{ ...ollama, protocol: 'grpc' }], /at \[0\]\.protocol/],
  ['a member too many', [{ ...ollama, keep: 1 }], /at \[0\]: holds a member/],
  ['a member missing', [ollama, { protocol: 'ollama', url: ollama.url }], /at \[1\]\.model/],
  ['a secret in place of its name', [{ ...ollama, key: 'sk-topsecret' }], /at \[0\]\.key: must be the NAME/],
  ['a password in the address', [{ ...ollama, url: 'http://me:topsecret@gpu' }], /at \[0\]\.url: must be an http/],
  ['another scheme', [{ ...ollama, url: 'file:///etc/passwd' }], /at \[0\]\.url/],
  ['an address that is none', [{ ...ollama, url: 'gpu:11434' }], /at \[0\]\.url/],
  [
    'a model name that leaves its path',
    [{ protocol: 'kserve', url: 'http://k', model: '../admin', tag: {} }],
    /\.model/,
  ],
  ['no task', [{ protocol: 'kserve', url: 'http://k', model: 'm' }], /needs at least one/],
  ['no task left', [{ protocol: 'cog', url: 'http://k', describe: null, answer: null }], /needs at least one/],
  ['both a model and a version', [{ protocol: 'replicate', model: 'a/b', version: 'c' }], /either/],
  ['neither', [{ protocol: 'replicate' }], /either/],
  ['a timeout of nothing', [{ ...ollama, timeout_ms: 0 }], /timeout_ms/],
])('%s is refused with its place and without its value', (_, value, message) => {
  expect(messageOf(value)).toMatch(message)
  expect(messageOf(value)).not.toContain('topsecret')
})

test('every setting in docs/captioning.md is one', () => {
  const text = readFileSync(new URL('../../../docs/captioning.md', import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/```json\n\s*(\[[\s\S]*?)```/g)].map(([, block]) => block!.replace(/<[^>]*>/g, 'x'))
  expect(blocks.length).toBeGreaterThan(10)
  expect(new Set(blocks.flatMap((block) => parseCaptioners(block)).map(({ protocol }) => protocol)).size).toBe(8)
})
