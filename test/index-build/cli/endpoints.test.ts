/** `caption`, `ask`, `tags` and `doctor --caption` as a user runs them, with an endpoint on this machine. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captionerVariables, diagnoseCaptioners } from '../../../index-build/commands/captioners.ts'
import { askAnswer, captionAnswer, tagsAnswer } from '../../../src/http/schemas.ts'
import { cog } from '../../caption/adapters/servers/cog.ts'
import { type Loopback, listen } from '../../caption/adapters/servers/loopback.ts'
import { a1111 } from '../../caption/adapters/servers/sdapi.ts'
import { captions, SECRET, picture as sent } from '../../caption/adapters/servers/subject.ts'
import { fill, lines, newFolder, termlens, testFolder } from './run.ts'

let folder: string
let remove: () => Promise<void>
let server: Loopback
let env: Record<string, string>

/** A cog container that describes every picture and answers every question. */
const handle = ({ body }: { body: Buffer }) => {
  const { input } = JSON.parse(body.toString()) as { input: { task: string } }
  return {
    body: { status: 'succeeded', output: input.task === 'image_captioning' ? 'Caption: a boat' : 'Answer: one' },
  }
}

beforeAll(async () => {
  ;({ folder, remove } = await newFolder())
  await fill(folder, { 'a.jpg': { picture: 'baseline-420.jpg' }, 'b.webp': { picture: 'lossy.webp' } })
  server = await listen(handle)
  const setting = [{ protocol: 'cog', name: 'blip', url: server.url, key: 'GPU_KEY' }]
  env = { TERMLENS_CAPTIONERS: JSON.stringify(setting), GPU_KEY: SECRET }
})
afterAll(async () => {
  await server?.close()
  await remove()
})

const body = (stdout: string) => lines(stdout).map(({ file: _, ...body }) => body)

describe('with an endpoint', () => {
  test('caption --json and --txt: the HTTP shape, and side-cars', async () => {
    const { code, stdout, stderr } = await termlens(['caption', '.', '--json', '--txt', 'overwrite'], {
      cwd: folder,
      env,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const answer of body(stdout))
      expect(captionAnswer.strict().parse(answer).caption).toEqual({ text: 'a boat', source: 'blip' })
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('a boat\n')
  })

  test('ask: the answer alone on stdout', async () => {
    const args = ['ask', 'a.jpg', '--question', 'How many boats?']
    const [people, programs] = await Promise.all([
      termlens(args, { cwd: folder, env }),
      termlens([...args, '--json'], { cwd: folder, env }),
    ])
    expect(people).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
    expect(askAnswer.strict().parse(body(programs.stdout)[0]).source).toBe('blip')
  })

  test('doctor --caption says what came back', async () => {
    const findings = await diagnoseCaptioners(env, async () => sent)
    expect(findings.map(({ check, ok }) => [check, ok])).toEqual([
      ['captioners', true],
      ['blip, describe', true],
      ['blip, answer', true],
    ])
    expect(findings[1]!.found).toMatch(/^"a boat" in \d+\.\d s$/)
  })
})

describe('without one', () => {
  test.each([['caption'], ['ask', '--question', 'Why?'], ['tags', '--tagger', 'remote']])(
    '%s is not set up',
    async (command, ...more) => {
      const { code, stdout, stderr } = await termlens([command, 'a.jpg', ...more], { cwd: folder })
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toMatch(/^setup_missing: .*TERMLENS_CAPTIONERS.*\n.*docs\/captioning\.md/)
    },
  )

  test('a mistake in the settings is named by what needs them, and interrogate goes on', async () => {
    const wrong = { cwd: folder, env: { TERMLENS_CAPTIONERS: '[{' } }
    const [caption, interrogate] = await Promise.all([
      termlens(['caption', 'a.jpg'], wrong),
      termlens(['interrogate', 'a.jpg', '--mode', 'caption'], wrong),
    ])
    expect(caption).toMatchObject({ code: 3, stderr: expect.stringContaining('TERMLENS_CAPTIONERS is not JSON') })
    expect(interrogate).toMatchObject({ code: 0, stderr: expect.stringMatching(/^a\.jpg: TERMLENS_CAPTIONERS is not/) })
    expect(interrogate.stdout.trim()).not.toBe('')
  })

  test('tags: side-cars as trainers want them, by the embedded model', async () => {
    const cwd = await testFolder()
    await fill(cwd, { 'x.jpg': { picture: 'baseline-420.jpg' } })
    const args = ['tags', 'x.jpg', '--txt', 'overwrite', '--additional-tags', 'my_style', '--general-threshold', '.1']
    const [people, programs] = [await termlens(args, { cwd }), await termlens([...args.slice(0, 2), '--json'], { cwd })]
    expect(people).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await readFile(join(cwd, 'x.txt'), 'utf8')).toMatch(/^my style(, [^_]+)+\n$/)
    const answer = tagsAnswer.strict().parse(body(programs.stdout)[0])
    expect(answer).toMatchObject({
      rating: null,
      tagger: { kind: 'embedded' },
      warnings: [{ code: 'tagger_embedded' }],
    })
  })
})

describe('doctor', () => {
  const sample = async () => sent

  test('of no settings: well, but --caption asks for one', async () => {
    expect(await diagnoseCaptioners({})).toMatchObject([{ check: 'captioners', ok: true }])
    expect(await diagnoseCaptioners({}, sample)).toMatchObject([
      { ok: false, mend: expect.stringContaining('captioning') },
    ])
  })

  test.each([
    ['[{', 'is not JSON'],
    ['[{"protocol": "cog", "url": "http://127.0.0.1:2", "key": "NIX"}]', 'NIX'],
  ])('of %s: the mistake', async (setting, found) => {
    expect(await diagnoseCaptioners({ TERMLENS_CAPTIONERS: setting })).toMatchObject([
      { ok: false, found: expect.stringContaining(found) },
    ])
  })

  test('tells what an endpoint said, and not its secret', async () => {
    const broken = await listen(() => ({ status: 404, body: { error: `model not found for ${SECRET}` } }))
    const settings = [cog.settings(broken.url), { protocol: 'workers-ai', model: '@cf/a/b' }]
    const findings = await diagnoseCaptioners(
      { TERMLENS_CAPTIONERS: JSON.stringify(settings), GPU_KEY: SECRET },
      sample,
    )
    await broken.close()
    expect(findings[1]).toMatchObject({
      check: 'cog, describe',
      ok: false,
      found: 'bad_status (it answered with status 404); it said: model not found for ***',
    })
    expect(findings.at(-1)).toMatchObject({ check: 'workers-ai', ok: true })
  })

  test('shows the best tags', async () => {
    const tagger = await listen(a1111.handle)
    const settings = JSON.stringify([a1111.settings(tagger.url)])
    const findings = await diagnoseCaptioners({ TERMLENS_CAPTIONERS: settings, GPU_KEY: SECRET }, sample)
    await tagger.close()
    expect(findings.map(({ found }) => found.split(' in ')[0])).toEqual([
      expect.any(String),
      `"${captions[0]}"`,
      '"bicycle 0.93, brick_wall 0.40"',
    ])
  })

  test('reads .dev.vars for what the environment does not have', async () => {
    const root = await testFolder()
    await fill(root, { '.dev.vars': `TERMLENS_CAPTIONERS='[{"protocol": "cog"}]'\nGPU_KEY=a\n` })
    expect(await captionerVariables(root, { GPU_KEY: 'b' })).toEqual({
      TERMLENS_CAPTIONERS: '[{"protocol": "cog"}]',
      GPU_KEY: 'b',
    })
  })
})
