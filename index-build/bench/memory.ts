/** What an isolate holds after 50 different pictures, and at most while it reads them, against the contract's budgets. */
import { note } from '../console.ts'
import { createProgress } from '../progress.ts'
import { ask, getJson } from './ask.ts'
import { heapUsage } from './inspector.ts'
import type { Table } from './markdown.ts'
import { type Live, peak, total } from './memory-probe.ts'
import { differentPictures } from './pictures.ts'
import type { Made } from './probed-worker.ts'
import { type Bundle, start, WORKER } from './wrangler.ts'

const PICTURES = 50
/** MB, of docs and contract. */
const BUDGET = { rest: 96, peak: 110, withHeap: 120 }

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)

/** @param probed bundle of probed-worker.ts */
export async function memoryTable(probed: Bundle): Promise<Table> {
  const pictures = await differentPictures(PICTURES)
  const workerd = await start(probed, '--expose-gc')
  const progress = createProgress('different pictures', pictures.length)
  try {
    let first = 0
    let highest = 0
    let codec = 0
    for (const [i, { bytes }] of pictures.entries()) {
      const { memory } = i === 0 ? { memory: {} } : await health()
      await ask(workerd, bytes)
      const made = await getJson<Made>(workerd, '/bench/last')
      const lasting = Object.values<number>(memory).reduce((a, b) => a + b, 0)
      if (i === 0) first = peak(made)
      else highest = Math.max(highest, lasting + peak(made))
      if (i > 0) codec = Math.max(codec, ...made.memories)
      progress.tick()
    }
    progress.done()
    const { memory } = await health()
    const live = await getJson<Live & { collected: boolean }>(workerd, '/bench/live')
    if (!live.collected) note('workerd has no gc here: what is at rest counts garbage too.')
    const rows = Object.entries(memory).map(([name, bytes]) => [`${name}, as /healthz says`, megabytes(bytes), ''])
    rows.push(
      ['largest memory of a codec, gone after its picture', megabytes(codec), ''],
      [`WebAssembly memories at rest (${live.memories.length})`, megabytes(total({ ...live, buffers: [] })), ''],
      ['at rest: memories and buffers', megabytes(total(live)), String(BUDGET.rest)],
      ['peak of the first request: model and index are loaded', megabytes(first), String(BUDGET.peak)],
      [`peak of the other ${pictures.length - 1} requests`, megabytes(highest), String(BUDGET.peak)],
    )
    try {
      const { usedSize } = await heapUsage(workerd.inspector, WORKER)
      rows.push(
        ['JavaScript heap after them, over the inspector', megabytes(usedSize), ''],
        ['at rest, with the JavaScript heap', megabytes(total(live) + usedSize), String(BUDGET.withHeap)],
        ['peak, with the JavaScript heap', megabytes(Math.max(first, highest) + usedSize), String(BUDGET.withHeap)],
      )
    } catch (error) {
      note(`SKIPPED: the JavaScript heap could not be read. ${error instanceof Error ? error.message : error}`)
      rows.push(['JavaScript heap', 'skipped: the inspector did not answer', ''])
    }
    return {
      title: `Memory of an isolate after ${pictures.length} different pictures, one after another, MB`,
      header: ['what', 'MB', 'budget'],
      rows,
      notes: [
        'A peak counts everything that a request made as if it let nothing go before its end, so the true one is lower.',
      ],
    }
  } finally {
    await workerd.stop()
  }

  function health() {
    return getJson<{ memory: Record<string, number> }>(workerd, '/healthz')
  }
}
