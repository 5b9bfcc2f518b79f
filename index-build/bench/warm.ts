/** Time of each stage of a warm request, by picture. workerd's clock ticks once a millisecond, so means are given too. */
import { note } from '../console.ts'
import { createProgress } from '../progress.ts'
import { type Asked, ask } from './ask.ts'
import type { Table } from './markdown.ts'
import { timedPictures } from './pictures.ts'
import { mean, median, quantile, sum } from './stats.ts'
import { type Bundle, start } from './wrangler.ts'

/** Stages whose time the picture decides: a row for each picture. */
const BY_PICTURE = ['decode', 'resize']
/** The others, in the order they come; what is not named here comes after. */
const ORDER = ['queue', 'load', 'encode', 'caption', 'compose']
/** What the goal counts as the work itself. */
const WORK = ['decode', 'resize', 'encode']
const GOAL = 15
const WARM_UP = 5

/** @param runs requests for each picture, interleaved, since the machine's load moves single timings */
export async function warmTables(bundle: Bundle, runs: number): Promise<Table[]> {
  const pictures = await timedPictures()
  const asked = new Map(pictures.map(({ name }) => [name, [] as Asked[]]))
  const workerd = await start(bundle)
  const progress = createProgress('warm requests', pictures.length * (WARM_UP + runs))
  try {
    for (let run = -WARM_UP; run < runs; run++) {
      for (const { name, bytes } of pictures) {
        const result = await ask(workerd, bytes)
        if (run >= 0) asked.get(name)!.push(result)
        progress.tick()
      }
    }
  } finally {
    progress.done()
    await workerd.stop()
  }
  const all = [...asked.values()].flat()
  note(`${all.length} warm requests`)
  return [stageTable(asked, all, runs), shareTable(asked, all)]
}

const ofStage = (asked: readonly Asked[], stage: string) => asked.map(({ stages }) => stages[stage] ?? 0)

const cells = (name: string, values: readonly number[]) => [
  name,
  median(values).toFixed(0),
  quantile(values, 0.95).toFixed(0),
  mean(values).toFixed(1),
]

function stageTable(asked: Map<string, Asked[]>, all: readonly Asked[], runs: number): Table {
  const stages = new Set(all.flatMap(({ stages }) => Object.keys(stages)))
  const pooled = [...new Set([...ORDER, ...stages])].filter(
    (stage) => stages.has(stage) && !BY_PICTURE.includes(stage) && stage !== 'total',
  )
  const rows = BY_PICTURE.flatMap((stage) =>
    [...asked].map(([name, some]) => cells(`${stage}, ${name}`, ofStage(some, stage))),
  )
  for (const stage of pooled) rows.push(cells(`${stage}, all pictures`, ofStage(all, stage)))
  const unnamed = all.map(({ stages }) => total(stages) - sum(named(stages)))
  rows.push(cells('the rest (body, options, JSON), all pictures', unnamed))
  for (const [name, some] of asked) rows.push(cells(`whole request, ${name}`, ofStage(some, 'total')))
  return {
    title: `A warm request in workerd, milliseconds of ${runs} requests for each picture`,
    header: ['stage', 'median', 'p95', 'mean'],
    rows,
    notes: ['The clock of workerd ticks once a millisecond: of short stages the mean says more than the median.'],
  }
}

const total = (stages: Asked['stages']) => stages.total ?? 0
const named = ({ total: _, ...stages }: Asked['stages']) => Object.values(stages)

function shareTable(asked: Map<string, Asked[]>, all: readonly Asked[]): Table {
  const row = (name: string, some: readonly Asked[]) => {
    const work = sum(WORK.map((stage) => sum(ofStage(some, stage))))
    const share = 100 * (1 - work / sum(ofStage(some, 'total')))
    return [name, `${share.toFixed(1)} %`, median(some.map(({ waited }) => waited)).toFixed(0)]
  }
  return {
    title: `Share of a warm request that is neither decode, resize nor encode (goal: at most ${GOAL} %)`,
    header: ['picture', 'share of the mean', 'client waited, median ms'],
    rows: [...[...asked].map(([name, some]) => row(name, some)), row('all', all)],
  }
}
