/** `build`, `verify` and `inspect`: the static index. */
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { TermlensError } from '../../src/errors.ts'
import { ENGINES, type Engine, parseManifest } from '../../src/term-index/index.ts'
import { parseUserBank, readBanks, type UserBank } from '../banks.ts'
import { build, EMBEDDED, readSpec } from '../build.ts'
import { calibrationEmbeddings } from '../calibration-pictures.ts'
import { exitCode, note, say } from '../console.ts'
import { openIndexFolder, readManifest } from '../index-folder.ts'
import { callerDir } from '../inputs.ts'
import { formatInspection, formatNeighbours, inspectIndex, neighbours } from '../inspect.ts'
import { assetsDir } from '../local-engine.ts'
import { createProgress } from '../progress.ts'
import { formatVerify, verify } from '../verify.ts'

/** The model that ships with the repository. */
export interface Shared {
  model: string
  bank?: UserBank[]
  json?: boolean
  engine?: Engine
}

const folders = (model: string) => ({
  banksDir: join(assetsDir, 'banks'),
  modelDir: join(assetsDir, 'models', model),
  indexDir: join(assetsDir, 'index'),
})

const count = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number from 1.')
}

/** A bank's file is named from where the user stands. */
const userBank = (argument: string, before: UserBank[] = []): UserBank[] => {
  const { name, file } = parseUserBank(argument)
  return [...before, { name, file: resolve(callerDir(), file) }]
}

async function calibration(model: string, signal: AbortSignal): Promise<Float32Array[]> {
  const progress = createProgress('calibration pictures')
  let started = false
  const embeddings = await calibrationEmbeddings({
    assets: assetsDir,
    model,
    signal,
    onProgress: (done, total) => {
      if (!started) progress.start(total)
      started = true
      progress.set(done)
    },
  })
  if (started) progress.done()
  return embeddings
}

/** @throws TermlensError `option_invalid` where a bank of the index is neither in the folder of banks nor among a user's own */
async function checkBanksGiven({ indexDir, banksDir }: ReturnType<typeof folders>, own?: UserBank[]): Promise<void> {
  const known = new Set((await readBanks(banksDir, own)).map(({ name }) => name))
  const missing = parseManifest(await readManifest(indexDir)).banks.filter(({ name }) => !known.has(name))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  throw new TermlensError('option_invalid', `The index has banks that are not in ${banksDir}: ${names.join(', ')}.`, {
    hint: `Pass ${names.map((name) => `--bank ${name}=<file>`).join(' ')} to verify it, or build the index again without.`,
  })
}

/** A signal that Ctrl-C aborts; the old index stays whole. */
async function interruptible(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  try {
    await task(stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    note('Stopped. The index is as it was.')
    exitCode(130)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

export function addIndexCommands(program: Command): void {
  const shared = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--model <name>', 'a folder of assets/models', EMBEDDED)
      .option('--bank <name=file>', 'a bank of your own: a plain list of terms (repeat for more)', userBank)
      .option('--json', 'the report as JSON on stdout')

  const engine = (which: string) => new Option('--engine <engine>', `how banks are searched, ${which}`).choices(ENGINES)

  shared('build', 'build the index from assets/banks')
    .addOption(
      new Option('--rules <rules>', 'original: no glosses, no calibration, f16 rows')
        .choices(['termlens', 'original'])
        .default('termlens'),
    )
    .addOption(engine('instead of the one that fits the size of each bank'))
    .action(({ model, bank, rules, json, engine }: Shared & { rules: 'termlens' | 'original' }) =>
      interruptible(async (signal) => {
        const { banksDir, modelDir, indexDir } = folders(model)
        const pictures = rules === 'termlens' ? await calibration(model, signal) : null
        const progress = createProgress('rows')
        const result = await build({
          banksDir,
          modelDir,
          outDir: indexDir,
          calibration: pictures,
          rules,
          engine,
          signal,
          ...(bank && { userBanks: bank }),
          onProgress: ({ done, total }) => {
            if (done === 0) progress.start(total)
            progress.set(done)
          },
        })
        progress.done()
        for (const warning of result.warnings) note(`warning: ${warning}`)
        const { banks, terms } = result.manifest
        if (json) say(JSON.stringify({ version: result.version, manifest: result.manifest, warnings: result.warnings }))
        else say(`Index ${result.version}: ${terms} terms in ${banks.length} banks, in ${indexDir}`)
      }),
    )

  shared('verify', 'check the built index and measure its recall')
    .addOption(engine('alone, instead of all that the index can serve'))
    .action(({ model, bank, json, engine }: Shared) =>
      interruptible(async (signal) => {
        await checkBanksGiven(folders(model), bank)
        const report = await verify({
          ...folders(model),
          ...(bank && { userBanks: bank }),
          queries: await calibration(model, signal),
          engine,
          signal,
        })
        say(json ? JSON.stringify(report) : formatVerify(report))
        exitCode(report.ok ? 0 : 1)
      }),
    )

  program
    .command('inspect')
    .description('sections, sizes, themes and hub terms of the index, or the neighbours of a term')
    .argument('[bank]', 'one bank in full')
    .argument('[term]', 'a term of it: its nearest others')
    .option('--model <name>', 'a folder of assets/models', EMBEDDED)
    .option('--top-k <n>', 'how many neighbours', count, 10)
    .option('--json', 'the report as JSON on stdout')
    .action((bank: string | undefined, term: string | undefined, { model, topK, json }: Shared & { topK: number }) =>
      interruptible(async (signal) => {
        const { indexDir, modelDir } = folders(model)
        const index = await openIndexFolder(indexDir, await readSpec(modelDir))
        if (bank !== undefined) index.shard(bank)
        if (bank !== undefined && term !== undefined) {
          const found = await neighbours(index, bank, term, topK)
          return say(json ? JSON.stringify(found) : formatNeighbours(found))
        }
        const report = await inspectIndex(index, await calibration(model, signal))
        return say(json ? JSON.stringify(report) : formatInspection(report, bank))
      }),
    )
}
