/** `evaluate`: the model on a data set, through the shipped pipeline. */
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { startClock } from '../../src/clock.ts'
import { createVision, loadEncoder } from '../../src/vision.ts'
import { EMBEDDED, readSpec } from '../build.ts'
import { say } from '../console.ts'
import { openDataSet } from '../dataset.ts'
import { evaluate, formatEvaluation } from '../evaluate.ts'
import { callerDir } from '../inputs.ts'
import { assetsDir, readFrom } from '../local-engine.ts'
import { createProgress } from '../progress.ts'
import { openTexts } from '../texts.ts'

export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('score the model on a data set')
    .requiredOption('--data <dir>', 'a folder in the layout of test/fixtures/dataset')
    .option('--split <name>', 'only rows of this split; by default every row that is not train')
    .option('--model <name>', 'a folder of assets/models', EMBEDDED)
    .option('--json', 'the scores as JSON on stdout')
    .action(async ({ data, split, model, json }: { data: string; split?: string; model: string; json?: boolean }) => {
      const set = await openDataSet(resolve(callerDir(), data))
      const modelDir = join(assetsDir, 'models', model)
      const spec = await readSpec(modelDir)
      const see = createVision(spec, () => loadEncoder(readFrom(assetsDir), spec, ortWasm))
      const progress = createProgress('pictures')
      const scores = await evaluate({
        data: set,
        ...(split !== undefined && { split }),
        see: (picture) => see(picture, startClock()),
        text: await openTexts(modelDir, spec),
        onProgress: (done, total) => {
          if (done === 0) progress.start(total)
          progress.set(done)
        },
      })
      progress.done()
      say(json ? JSON.stringify(scores) : formatEvaluation(scores))
    })
}
