/** `caption`, `ask` and `tags`: what the configured endpoints say of many pictures, or, for tags, the embedded model. */
import { type Command, Option } from 'commander'
import { startClock } from '../../src/clock.ts'
import { TermlensError } from '../../src/errors.ts'
import type { RawOptions } from '../../src/http/input.ts'
import { askOptions, captionOptions, tagsOptions } from '../../src/http/schemas.ts'
import { chainOf, type Engine } from '../../src/interrogator.ts'
import { ask, caption, styles, tags } from '../../src/tasks.ts'
import type { Warning } from '../../src/types.ts'
import { sideCarModes } from '../side-car.ts'
import { type Ask, askAll, type Flow, readOptions } from './ask-images.ts'

export function addEndpointCommands(program: Command): void {
  const list = (value: string, before: string[] = []) => [...before, value]

  /** What all three have. */
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<inputs...>', 'files, folders, - for standard input, https addresses')
  const withResults = (command: Command, what: string) =>
    command
      .option('--out <file>', 'results as .csv or .jsonl; goes on where it stopped')
      .addOption(new Option('--txt <how>', `write ${what} to a .txt file beside each picture`).choices(sideCarModes))
      .option('--json', 'one JSON object a line on stdout')

  withResults(
    command('caption', 'each picture described by the configured captioner')
      .option('--n <n>', 'candidates wanted (1)')
      .option('--prompt <text>', 'what the captioner is told')
      .addOption(new Option('--style <style>', 'in place of a prompt of your own').choices(styles))
      .option('--max-length <n>', 'most tokens of a caption'),
    'the caption',
  ).action(async (inputs: string[], { json, out, txt, ...rest }: Flow & RawOptions) => {
    const options = readOptions(captionOptions, rest, 'caption')
    const askOne: Ask = async (image, engine, signal) => {
      checkSetup(engine, 'describe')
      const clock = startClock()
      const answer = await caption({ image }, options, engine, { clock, signal })
      const result = { prompt: answer.caption.text, similarity: answer.candidates[0]!.similarity }
      const text = answer.candidates.map(({ text }) => text).join('\n')
      return { text, body: { ...answer, timings: clock.timings() }, result, notes: notesOf(answer) }
    }
    await askAll(inputs, askOne, 'caption', { json, out, txt })
  })

  withResults(
    command('ask', 'a question about each picture')
      .requiredOption('--question <text>', 'what is asked')
      .option('--n <n>', 'answers wanted (1)'),
    'the answer',
  ).action(async (inputs: string[], { json, out, txt, ...rest }: Flow & RawOptions) => {
    const options = readOptions(askOptions, rest, 'ask')
    const askOne: Ask = async (image, engine, signal) => {
      checkSetup(engine, 'answer')
      const clock = startClock()
      const answer = await ask({ image }, options, engine, { clock, signal })
      const texts = answer.answers.map(({ text, confidence }) =>
        confidence === null ? text : `${confidence.toFixed(2)}  ${text}`,
      )
      const result = { prompt: answer.answers[0]!.text, similarity: null }
      return { text: texts.join('\n'), body: { ...answer, timings: clock.timings() }, result, notes: notesOf(answer) }
    }
    await askAll(inputs, askOne, 'ask', { json, out, txt })
  })

  withResults(
    command('tags', 'booru tags of each picture, as trainers of LoRAs want them')
      .addOption(
        new Option('--tagger <which>', 'a configured endpoint, or the embedded model').choices([
          'auto',
          'embedded',
          'remote',
        ]),
      )
      .option('--general-threshold <x>', 'general tags are kept above it (0.35)')
      .option('--general-mcut', 'the largest drop between confidences decides instead')
      .option('--character-threshold <x>', 'characters are kept above it (0.85)')
      .option('--character-mcut', 'as --general-mcut, for characters')
      .option('--additional-tags <tag>', 'a tag that is always there (repeat for more)', list)
      .option('--exclude <tag>', 'a tag that never is (repeat for more)', list)
      .option('--drop-overlap', 'no "hair" beside "long hair"')
      .addOption(new Option('--sort <by>', 'order of the tags').choices(['confidence', 'name']))
      .option('--underscores', 'keep underscores')
      .option('--no-escape', 'no backslash before parentheses')
      .option('--weights', 'write (tag:0.98)')
      .option('--merge-characters', 'characters stand among the tags, first')
      .option('--lang <tag>', 'language of names, such as zh-CN'),
    'the tags',
  ).action(async (inputs: string[], { json, out, txt, ...rest }: Flow & RawOptions) => {
    const options = readOptions(tagsOptions, rest, 'tags')
    const askOne: Ask = async (image, engine, signal) => {
      if (options.tagger === 'remote') checkSetup(engine, 'tag')
      const clock = startClock()
      const answer = await tags({ image }, options, engine, { clock, signal })
      const result = { prompt: answer.string, similarity: null }
      const notes = chainOf(engine).can('tag') ? notesOf(answer) : []
      return { text: answer.string, body: { ...answer, timings: clock.timings() }, result, notes }
    }
    await askAll(inputs, askOne, 'tags', { json, out, txt })
  })
}

const notesOf = ({ warnings }: { warnings: Warning[] }) => warnings.map(({ message }) => message)

/** @throws TermlensError `setup_missing`: no picture could be answered */
function checkSetup(engine: Engine, task: 'describe' | 'answer' | 'tag'): void {
  if (engine.mistake) throw engine.mistake
  if (chainOf(engine).can(task)) return
  throw new TermlensError('setup_missing', `No endpoint that can ${task} is configured in TERMLENS_CAPTIONERS.`, {
    hint: 'docs/captioning.md shows how to set one up.',
  })
}
