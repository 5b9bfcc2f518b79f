import { expect, test } from 'vitest'
import { ask, bench, reasonOf, testConformance } from './conformance.ts'
import { send } from './servers/loopback.ts'
import { lines, ollama, ollamaStreamed } from './servers/ollama.ts'

for (const subject of [ollama, ollamaStreamed]) testConformance(subject)

test.each([
  ['without its last object', lines('a red bicycle', false)],
  ['with an error in it', [...lines('a red', false), '{"error":"the model runner has stopped"}\n']],
  ['of another shape', ['{"response":"a red bicycle","done":true}\n']],
])('a stream %s → bad_answer', (_, pieces) =>
  bench(ollamaStreamed, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, { headers: { 'content-type': 'application/x-ndjson' }, pieces })
      return true
    }
    expect((await reasonOf(ask(chain, 'describe', ollamaStreamed))).code).toBe('bad_answer')
  }),
)
