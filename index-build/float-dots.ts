/** Exact dot products of many float vectors with one, in the search kernel: what calibration and recall are measured with. */
import { rowStride } from '../src/term-index/format.ts'
import { createKernel, planMemory } from '../src/term-index/kernel.ts'

/**
 * @param vectors of `dims` numbers each, copied
 * @returns a function from a query to its dot product with each vector; the result is overwritten by the next call
 */
export async function createDots(
  vectors: readonly Float32Array[],
  dims: number,
): Promise<(query: Float32Array) => Float64Array> {
  const stride = rowStride(dims, 'f32')
  const plan = planMemory([{ bytes: stride * vectors.length, rows: 0 }])
  const { exports, buffer } = await createKernel(plan)
  const start = plan.shards[0]!
  for (const [i, vector] of vectors.entries()) new Float32Array(buffer, start + i * stride, dims).set(vector)
  const input = new Float32Array(buffer, plan.query, stride / 4)
  const dots = new Float64Array(vectors.length)
  return (query) => {
    input.fill(0).set(query)
    for (let i = 0; i < dots.length; i++) dots[i] = exports.dotF32(start + i * stride, plan.query, stride)
    return dots
  }
}
