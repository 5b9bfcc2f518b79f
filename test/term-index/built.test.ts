import { expect, test } from 'vitest'
import { describeKernels } from '../../index-build/build-kernel.ts'
import built from '../../src/term-index/kernel/built.json' with { type: 'json' }

test('the committed kernels were compiled from the committed source', () => {
  expect(describeKernels(), 'run: node index-build/build-kernel.ts').toEqual(built)
})
