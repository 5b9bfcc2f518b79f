/** `interrogate` and `analyze`: the pipeline over many pictures, with progress, results and side-cars. */

import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { z } from '@hono/zod-openapi'
import { type Command, Option } from 'commander'
import { startClock } from '../../src/clock.ts'
import { TermlensError } from '../../src/errors.ts'
import type { RawOptions } from '../../src/http/input.ts'
import { parseOptions } from '../../src/http/options.ts'
import { type Problem, toProblem } from '../../src/http/problem.ts'
import { analyzeOptions, interrogateOptions, modes } from '../../src/http/schemas.ts'
import { analyze, type Engine, type Interrogation, interrogate } from '../../src/interrogator.ts'
import type { ReportedTerm } from '../../src/prompt/index.ts'
import { exitCode, exitCodeOf, hintOf, isSystemError, messageOf, note, say } from '../console.ts'
import { callerDir, findInputs, type Input } from '../inputs.ts'
import { loadLocalEngine } from '../local-engine.ts'
import { createProgress } from '../progress.ts'
import { openResults } from '../results.ts'
import { readSideCar, type SideCarMode, sideCarModes, writeSideCar } from '../side-car.ts'

export interface Answer {
  /** What a person reads. */
  text: string
  /** The HTTP shape, without its request id. */
  body: object
  result?: { prompt: string; similarity: number | null }
  /** What a person should know beside it. */
  notes?: string[]
}

export type Ask = (image: Uint8Array, engine: Engine, signal: AbortSignal) => Promise<Answer>

export interface Flow {
  json?: boolean | undefined
  out?: string | undefined
  txt?: SideCarMode | undefined
}

export function addImageCommands(program: Command): void {
  const list = (value: string, before: string[] = []) => [...before, value]

  program
    .command('interrogate')
    .description('the prompt that would draw each picture')
    .argument('<inputs...>', 'files, folders, - for standard input, https addresses')
    .addOption(new Option('--mode <mode>', 'how the prompt is composed').choices(modes).default('fast'))
    .addOption(
      new Option('--rules <rules>', 'termlens, or original for clip-interrogator’s composition').choices([
        'termlens',
        'original',
      ]),
    )
    .addOption(new Option('--chain <chain>', 'of best and negative').choices(['hybrid', 'full']))
    .option('--max-flavors <n>', 'most flavors in the prompt')
    .option('--min-flavors <n>', 'fewest flavors that best tries')
    .option('--banks <name>', 'a bank that may speak (repeat for more)', list)
    .option('--include <term>', 'a term that must appear (repeat for more)', list)
    .option('--exclude <term>', 'a term that must not appear; "artists" for all names (repeat for more)', list)
    .option('--caption <text>', 'the caption to start from')
    .option('--require-caption', 'fail where no captioner answers, instead of retrieving a caption')
    .option('--with-negative', 'a negative prompt too')
    .option('--token-budget <n>', 'most tokens of the prompt (75)')
    .addOption(new Option('--dialect <dialect>', 'how the prompt is written').choices(['plain', 'sd', 'natural']))
    .option('--weights', 'with --dialect sd: weights such as (term:1.2)')
    .option('--lang <tag>', 'language of names, such as zh-CN')
    .option('--out <file>', 'results as .csv or .jsonl; goes on where it stopped')
    .addOption(new Option('--txt <how>', 'write each prompt to a .txt file beside its picture').choices(sideCarModes))
    .option('--json', 'one JSON object a line on stdout')
    .action(async (inputs: string[], { json, out, txt, ...rest }: Flow & RawOptions) => {
      const options = readOptions(interrogateOptions, rest, 'interrogate')
      const ask: Ask = async (image, engine, signal) => {
        const clock = startClock()
        const answer = await interrogate({ image }, options, engine, { clock, signal })
        const notes = answer.warnings.flatMap(({ code, message }) => (code === 'caption_unavailable' ? message : []))
        return { text: describe(answer), body: { ...answer, timings: clock.timings() }, result: answer, notes }
      }
      await askAll(inputs, ask, options.mode, { json, out, txt })
    })

  program
    .command('analyze')
    .description('the best terms of each bank for each picture')
    .argument('<inputs...>', 'files, folders, - for standard input, https addresses')
    .option('--top-k <n>', 'terms of each bank (5)')
    .option('--banks <name>', 'a bank to rank (repeat for more)', list)
    .option('--lang <tag>', 'language of names, such as zh-CN')
    .option('--json', 'one JSON object a line on stdout')
    .action(async (inputs: string[], { json, ...rest }: Flow & RawOptions) => {
      const options = readOptions(analyzeOptions, rest, 'analyze')
      const ask: Ask = async (image, engine, signal) => {
        const clock = startClock()
        const answer = await analyze({ image }, options, engine, { clock, signal })
        const text = Object.entries(answer.terms)
          .map(([bank, terms]) => [bank, ...terms.map(describeTerm)].join('\n'))
          .join('\n')
        return { text, body: { ...answer, timings: clock.timings() } }
      }
      await askAll(inputs, ask, '', { json })
    })
}

/** Terms are ordered by their score; the cosine behind it stands beside it. */
const describeTerm = ({ term, name, similarity, score = similarity }: ReportedTerm) =>
  `  ${score.toFixed(3)}  ${term}${name ? `  ${name}` : ''}  (cosine ${similarity.toFixed(3)})`

const describe = ({ prompt, negative_prompt, prompt_local }: Interrogation) =>
  [prompt, prompt_local, negative_prompt && `negative: ${negative_prompt}`].filter(Boolean).join('\n')

/**
 * Options of the command line as those of HTTP, validated by the same schema: --max-flavors is max_flavors.
 * @throws TermlensError `mode_unknown`, `option_invalid`, naming the option as it was typed
 */
export function readOptions<T extends z.ZodObject>(schema: T, given: RawOptions, command: string): z.infer<T> {
  const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const raw = Object.fromEntries(Object.entries(given).map(([name, value]) => [snakeCase(name), value]))
  try {
    return parseOptions(schema, raw).options
  } catch (error) {
    if (!(error instanceof TermlensError) || error.code !== 'option_invalid') throw error
    const message = error.message.replace(/^[a-z_]+/, (name) => `--${name.replaceAll('_', '-')}`)
    throw new TermlensError(error.code, message, { hint: `npm run termlens -- ${command} --help lists the options.` })
  }
}

/** Asks about every input that is not done yet. A picture that fails is named and the others go on. */
export async function askAll(args: string[], ask: Ask, mode: string, { json, out, txt }: Flow): Promise<void> {
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  try {
    const found = await findInputs(args)
    if (found.length === 0) throw new TermlensError('input_not_found', `There is no picture in ${args.join(', ')}.`)
    const names = found.map(({ name }) => name)
    const results = out === undefined ? undefined : await openResults(resolve(callerDir(), out), names, mode)
    const inputs = await pending(found, results?.done, txt)
    if (inputs.length < found.length) note(`${share(found.length - inputs.length, found.length)} done before.`)
    const engine = await loadLocalEngine()
    const progress = createProgress('pictures', inputs.length)
    let failed = 0
    // The side-cars of what the results have already: this run may be the first that is asked for them.
    for (const { name, path } of txt ? found : []) {
      const prompt = results?.done.get(name)
      if (prompt === undefined || path === undefined || stop.signal.aborted) continue
      try {
        await writeSideCar(path, prompt, txt!)
      } catch (error) {
        failed++
        const { detail, hint } = problemOf(error)
        note(`${name}: ${detail} ${hint}`)
      }
    }
    for (const input of inputs) {
      if (stop.signal.aborted) break
      try {
        const answer = await ask(await input.read(stop.signal), engine, stop.signal)
        progress.clear()
        const written = out !== undefined || (txt !== undefined && input.path !== undefined)
        if (answer.result) {
          const { prompt, similarity } = answer.result
          if (txt && input.path) await writeSideCar(input.path, prompt, txt)
          await results?.add({ image: input.name, prompt, mode, similarity, error: '' })
        }
        if (!json) for (const text of answer.notes ?? []) note(`${input.name}: ${text}`)
        if (json) say(JSON.stringify({ file: input.name, ...answer.body, request_id: randomUUID() }))
        else if (!written) say(found.length === 1 ? answer.text : `${input.name}\n${answer.text}\n`)
      } catch (error) {
        if (stop.signal.aborted) break
        if (concernsAll(error)) throw error
        failed++
        progress.clear()
        const problem = problemOf(error)
        const { code, detail, hint } = problem
        if (json) say(JSON.stringify({ file: input.name, ...problem }))
        note(`${input.name}: ${detail} ${hint}`)
        await results?.add({ image: input.name, prompt: '', mode, similarity: null, error: `${code}: ${detail}` })
      }
      progress.tick()
    }
    progress.done()
    if (stop.signal.aborted) note(out || txt ? 'Stopped. The same command goes on from here.' : 'Stopped.')
    if (failed > 0) note(`${failed} of ${found.length} ${found.length === 1 ? 'picture' : 'pictures'} failed.`)
    exitCode(stop.signal.aborted ? 130 : failed > 0 ? 1 : 0)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

const share = (count: number, all: number) => `${count} of ${all} ${all === 1 ? 'picture was' : 'pictures were'}`

/** Whether every picture would fail in this way: a wrong option, or something that is not set up. */
const concernsAll = (error: unknown): boolean =>
  exitCodeOf(error) !== 1 && !(error instanceof TermlensError && error.code === 'input_not_found')

/** The HTTP shape of a failure, but with the words of an unexpected one: here nobody else reads them. */
function problemOf(error: unknown): Problem {
  const problem = toProblem(error, randomUUID())
  if (error instanceof TermlensError) return { ...problem, detail: messageOf(error), hint: hintOf(error) }
  const detail = error instanceof Error ? error.message : String(error)
  const hint = isSystemError(error)
    ? 'Check the path, its permissions and the space on the disk.'
    : hintOf({ code: 'internal', hint: problem.hint })
  return { ...problem, detail, hint }
}

async function pending(
  inputs: Input[],
  done: Map<string, string> | undefined,
  txt: SideCarMode | undefined,
): Promise<Input[]> {
  const left = inputs.filter(({ name }) => !done?.has(name))
  if (txt !== 'skip') return left
  const written = await Promise.all(
    left.map(async ({ path }) => path !== undefined && (await readSideCar(path)) !== undefined),
  )
  return left.filter((_, index) => !written[index])
}
