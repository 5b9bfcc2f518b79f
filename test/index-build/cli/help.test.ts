/** The help tells a newcomer what there is, and options are those of HTTP in kebab-case. */
import { describe, expect, test } from 'vitest'
import {
  analyzeOptions,
  askOptions,
  captionOptions,
  interrogateOptions,
  tagsOptions,
} from '../../../src/http/schemas.ts'
import { termlens } from './run.ts'

const COMMANDS = ['interrogate', 'analyze', 'caption', 'ask', 'tags', 'build', 'verify', 'inspect', 'doctor']
const help = new Map(
  await Promise.all(
    ['', ...COMMANDS].map(async (command) => [command, await termlens([command, '--help'].filter(Boolean))] as const),
  ),
)

test('termlens --help lists every command', () => {
  const { code, stdout } = help.get('')!
  expect(code).toBe(0)
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} .*\\S {2,}\\S`, 'm'))
})

describe.each(COMMANDS)('termlens %s --help', (command) => {
  const { code, stdout, stderr } = help.get(command)!

  test('goes to stdout, says what it does, and fits a terminal', () => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: termlens ${command} .*\n\n\\S`))
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  test('says something of each option', () => {
    const options = stdout.split('\nOptions:\n')[1]!.split(/\n(?= {2}-)/)
    for (const option of options)
      expect(option.replaceAll(/\s+/g, ' ')).toMatch(/^ ?(-\w, )?--[a-z-]+( [<[][\w=]+[>\]])? \w/)
  })
})

test.each([
  ['interrogate', Object.keys(interrogateOptions.shape)],
  ['analyze', Object.keys(analyzeOptions.shape)],
  // A command has nobody to stream to.
  ['caption', Object.keys(captionOptions.omit({ stream: true }).shape)],
  ['ask', Object.keys(askOptions.shape)],
  ['tags', Object.keys(tagsOptions.shape).map((name) => (name === 'escape' ? 'no_escape' : name))],
])('%s takes every option that HTTP takes', (command, names) => {
  const options = [...help.get(command)!.stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name)
  expect(options).toEqual(expect.arrayContaining(names.map((name) => name.replaceAll('_', '-'))))
})
