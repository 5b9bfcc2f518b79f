import { expect, test } from 'vitest'
import { ask, bench, testConformance } from './conformance.ts'
import { cog, cogLlava } from './servers/cog.ts'
import { send } from './servers/loopback.ts'
import { captions } from './servers/subject.ts'

for (const subject of [cog, cogLlava]) testConformance(subject)

test('a container whose slots are all busy (409) is asked again', () =>
  bench(cog, async ({ server, chain }) => {
    server.fault = (response, _, count) => {
      if (count === 1) send(response, { status: 409, body: { detail: 'Already running a prediction' } })
      return count === 1
    }
    expect((await ask(chain, 'describe', cog)).value).toEqual([captions[0]])
  }))
