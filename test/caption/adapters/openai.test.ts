import { expect, test } from 'vitest'
import { toBase64 } from '../../../src/caption/adapters/text.ts'
import { ask, bench, reasonOf, testConformance } from './conformance.ts'
import { send } from './servers/loopback.ts'
import { events, openai, openaiStreamed, openaiWithoutN } from './servers/openai.ts'
import { captions } from './servers/subject.ts'

for (const subject of [openai, openaiStreamed, openaiWithoutN]) testConformance(subject)

const streaming = { headers: { 'content-type': 'text/event-stream' } }

test.each([
  ['without [DONE] or finish_reason', events('a red bicycle', [])],
  ['with an error in it', ['data: {"error":{"message":"out of memory"}}\n\n']],
  ['with an event that is no JSON', ['data: {"choices":[\n\n', 'data: [DONE]\n\n']],
  ['without a word', events('')],
])('a stream %s → bad_answer', (_, pieces) =>
  bench(openaiStreamed, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, { ...streaming, pieces })
      return true
    }
    expect((await reasonOf(ask(chain, 'describe', openaiStreamed))).code).toBe('bad_answer')
  }),
)

test('a server that does not stream is read all the same', () =>
  bench(openaiStreamed, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, { body: { choices: [{ message: { content: captions[0] } }] } })
      return true
    }
    const { value, tokens } = await ask(chain, 'describe', openaiStreamed)
    expect({ value, tokens }).toEqual({ value: [captions[0]], tokens: [captions[0]] })
  }))

test('a stream that ends with a finish_reason alone is whole', () =>
  bench(openaiStreamed, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, { ...streaming, pieces: events(captions[0]!, ['\n']) })
      return true
    }
    expect((await ask(chain, 'describe', openaiStreamed)).value).toEqual([captions[0]])
  }))

test('the thoughts of a reasoning model are no part of its caption', () =>
  bench(openai, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, {
        body: { choices: [{ message: { content: '<think>\nI see red.\n</think>\n\nA red\nbicycle.' } }] },
      })
      return true
    }
    expect((await ask(chain, 'describe', openai)).value).toEqual(['A red bicycle.'])
  }))

test('the limit goes by the name that the server knows', () =>
  bench(
    openai,
    async ({ server, chain }) => {
      server.fault = (response, _, __, { body }) => {
        expect(JSON.parse(body.toString())).toMatchObject({ max_completion_tokens: 9 })
        expect(body.toString()).not.toContain('"max_tokens"')
        send(response, { body: { choices: [{ message: { content: captions[0] } }] } })
        return true
      }
      expect((await ask(chain, 'describe', openai, { max_length: 9 })).value).toEqual([captions[0]])
    },
    { length_field: 'max_completion_tokens' },
  ))

test('a picture of any size becomes base64', () => {
  for (const length of [0, 1, 2, 3, 32_767, 32_768, 32_769, 300_001]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) % 256)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  }
})
