/** From nothing to the first answer: workerd started afresh, nothing loaded. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { note } from '../console.ts'
import { thousands } from '../table.ts'
import { ask, getJson } from './ask.ts'
import type { Table } from './markdown.ts'
import { timedPictures } from './pictures.ts'
import type { Made } from './probed-worker.ts'
import { median } from './stats.ts'
import { type Bundle, root, start } from './wrangler.ts'

const STARTS = 3

export async function coldTable(bundle: Bundle): Promise<Table> {
  const [picture] = await timedPictures()
  const starts: { ready: number; first: number; second: number }[] = []
  for (let i = 0; i < STARTS; i++) {
    note(`cold start ${i + 1} of ${STARTS}`)
    const begin = performance.now()
    const workerd = await start(bundle)
    const ready = performance.now() - begin
    try {
      const first = (await ask(workerd, picture!.bytes)).waited
      starts.push({ ready, first, second: (await ask(workerd, picture!.bytes)).waited })
    } finally {
      await workerd.stop()
    }
  }
  const row = (name: string, value: (one: (typeof starts)[number]) => number) => [
    name,
    median(starts.map(value)).toFixed(0),
    starts.map((one) => value(one).toFixed(0)).join(', '),
  ]
  return {
    title: `Cold start, milliseconds of ${STARTS} fresh processes (${picture!.name})`,
    header: ['what', 'median', 'each'],
    rows: [
      row('workerd, from its start until it listens', ({ ready }) => ready),
      row('first request: loads the index, the tokenizer and the model', ({ first }) => first),
      row('cold start to first answer, together', ({ ready, first }) => ready + first),
      row('second request', ({ second }) => second),
    ],
  }
}

/** @param probed bundle of probed-worker.ts */
export async function assetsTable(probed: Bundle): Promise<Table> {
  const [picture] = await timedPictures()
  const workerd = await start(probed)
  try {
    await ask(workerd, picture!.bytes)
    const { assets } = await getJson<Made>(workerd, '/bench/last')
    const groups = new Map<string, { files: number; bytes: number }>()
    for (const path of assets) {
      const group = path.split('/')[0]!
      const { files, bytes } = groups.get(group) ?? { files: 0, bytes: 0 }
      groups.set(group, { files: files + 1, bytes: bytes + (await stat(join(root, 'assets', path))).size })
    }
    const all = [...groups.values()]
    const row = (name: string, some: { files: number; bytes: number }[]) => [
      name,
      String(some.reduce((sum, { files }) => sum + files, 0)),
      thousands(some.reduce((sum, { bytes }) => sum + bytes, 0)),
    ]
    return {
      title: 'Assets fetched by the first request of an isolate; later ones fetch none',
      header: ['folder', 'files', 'bytes'],
      rows: [...[...groups].map(([name, group]) => row(name, [group])), row('all', all)],
    }
  } finally {
    await workerd.stop()
  }
}
