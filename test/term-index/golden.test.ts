/** The golden shard in Node; test/workerd/term-index.test.ts runs the same suite in workerd. */
import { expect, test } from 'vitest'
import { encodeShard } from '../../src/term-index/index.ts'
import { conformance } from './conformance.ts'
import answers from './golden.json' with { type: 'json' }
import golden from './golden.tlx?url&inline'
import { goldenContent, searches } from './make-golden.ts'

const bytes = Uint8Array.from(atob(golden.slice(golden.indexOf(',') + 1)), (char) => char.charCodeAt(0))

conformance(bytes)

test('make-golden.ts writes the committed files', async () => {
  expect(await encodeShard(goldenContent)).toEqual(bytes)
  expect(JSON.parse(JSON.stringify(searches))).toEqual(answers.searches)
})
