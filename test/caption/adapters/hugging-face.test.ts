import { expect, test } from 'vitest'
import { ask, bench, reasonOf, testConformance } from './conformance.ts'
import { huggingFace, huggingFaceAnswer, huggingFaceList } from './servers/hugging-face.ts'
import { send } from './servers/loopback.ts'
import { captions } from './servers/subject.ts'

for (const subject of [huggingFace, huggingFaceList, huggingFaceAnswer]) testConformance(subject)

test('a model that loads is waited for as long as it says', () =>
  bench(huggingFace, async ({ server, chain }) => {
    let refused = 0
    server.fault = (response, _, count) => {
      if (count === 1) {
        refused = performance.now()
        send(response, { status: 503, body: { error: 'Model is currently loading', estimated_time: 0.5 } })
      }
      return count === 1
    }
    expect((await ask(chain, 'describe', huggingFace)).value).toEqual([captions[0]])
    expect(performance.now() - refused).toBeGreaterThan(490)
  }))

test('a model that loads for longer than the deadline is not waited for', () =>
  bench(huggingFace, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, { status: 503, body: { error: 'Model is currently loading', estimated_time: 200 } })
      return true
    }
    const { code, detail } = await reasonOf(ask(chain, 'describe', huggingFace))
    expect({ code, detail }).toEqual({ code: 'bad_status', detail: 'Model is currently loading' })
    expect(server.requests).toHaveLength(1)
  }))

test('answers that say nothing are left out', () =>
  bench(huggingFaceAnswer, async ({ server, chain }) => {
    server.fault = (response) => {
      send(response, {
        body: [
          { score: 0.6, answer: '' },
          { score: 0.4, answer: ' two\n' },
        ],
      })
      return true
    }
    expect((await ask(chain, 'answer', huggingFaceAnswer, { n: 2 })).value).toEqual([{ text: 'two', confidence: 0.4 }])
  }))
