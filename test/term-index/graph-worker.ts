/** A Worker that is given an index and asked what it finds: the edge's side of graph-edge.test.ts. */
import { type Engine, type Manifest, openIndex } from '../../src/term-index/index.ts'
import type { ModelSpec, RankOptions } from '../../src/types.ts'

// The Durable Objects of the Worker, which wrangler.toml names.
export * from '../../src/worker.ts'

export interface Question {
  manifest: Manifest
  spec: Pick<ModelSpec, 'name' | 'digest' | 'embedding_size'>
  engine: Engine
  queries: number[][]
  k: number
  options: RankOptions[]
}

/** For each bank, query and options: row, similarity and score of each hit. */
export type Answer = [row: number, similarity: number, score: number][][]

const files = new Map<string, ArrayBuffer>()

export async function answer(
  question: Question,
  read: (file: string) => Promise<ArrayBuffer | Uint8Array>,
): Promise<Answer> {
  const { manifest, spec, engine, queries, k, options } = question
  const index = await openIndex({ manifest, spec, engine, read })
  const answers: Answer = []
  for (const { name } of index.banks()) {
    for (const query of queries.map((numbers) => Float32Array.from(numbers))) {
      for (const some of options) {
        const hits = await index.rank(name, query, k, some)
        answers.push(hits.map(({ row, similarity, score }) => [row, similarity, score]))
      }
    }
  }
  return answers
}

export default {
  /** PUT a file of the index under its name; POST a question. */
  async fetch(request: Request): Promise<Response> {
    const file = new URL(request.url).pathname.slice(1)
    if (request.method === 'POST')
      return Response.json(await answer(await request.json(), async (file) => files.get(file)!))
    files.set(file, await request.arrayBuffer())
    return new Response()
  },
}
