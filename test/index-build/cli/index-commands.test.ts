/** `build`, `verify`, `inspect` and `doctor` on assets of one's own: two small banks, from nothing to an index and back. */
import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diagnose, type Finding } from '../../../index-build/commands/doctor.ts'
import { type Finished, fill, newFolder, root, termlens, tinyAssets } from './run.ts'

let folder: string
let assets: string
let remove: () => Promise<void>
let built: Finished

/** A command as a user with assets of their own runs it. */
const run = (...args: string[]) => termlens(args, { cwd: folder, env: { TERMLENS_ASSETS: 'assets' } })

beforeAll(async () => {
  ;({ folder, remove } = await newFolder())
  assets = await tinyAssets(folder)
  built = await run('build')
})
afterAll(() => remove())

describe('before the first build', () => {
  test('verify and inspect say what to do', async () => {
    const elsewhere = { cwd: folder, env: { TERMLENS_ASSETS: join(folder, 'assets'), INIT_CWD: root } }
    await rename(join(assets, 'index'), join(assets, 'index.away'))
    const answers = await Promise.all(['verify', 'inspect'].map((command) => termlens([command], elsewhere)))
    await rename(join(assets, 'index.away'), join(assets, 'index'))
    for (const { code, stderr } of answers) {
      expect(code).toBe(3)
      expect(stderr).toContain('npm run termlens -- build')
    }
  })
})

describe('build', () => {
  test('says what it has built, and where', () => {
    expect(built).toMatchObject({ code: 0, stderr: '' })
    expect(built.stdout).toMatch(/^Index [0-9a-f]{16}: 24 terms in 2 banks, in .*index\n$/)
  })

  test('gives the same bytes again, and with --json its manifest', async () => {
    const before = await readdir(join(assets, 'index'))
    const { code, stdout } = await run('build', '--json')
    expect(code).toBe(0)
    const { version, manifest } = JSON.parse(stdout)
    expect(built.stdout).toContain(version)
    expect(manifest.terms).toBe(24)
    expect(await readdir(join(assets, 'index'))).toEqual(before)
  })

  test.each([
    ['a list that is not there', ['--bank', 'mine=nothing.txt'], /input_not_found: .*nothing\.txt/],
    ['a list without a name', ['--bank', 'nothing.txt'], /name=file/],
    ['rules that are none', ['--rules', 'mine'], /termlens, original/],
    ['an engine that is none', ['--engine', 'mine'], /exact, prefilter, graph/],
  ])('2: %s; the old index stays', async (_, args, words) => {
    const before = await readFile(join(assets, 'index/manifest.json'), 'utf8')
    const { code, stdout, stderr } = await run('build', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(await readFile(join(assets, 'index/manifest.json'), 'utf8')).toBe(before)
  })

  test('encodes a list of words that nobody encoded before; without a text tower it names them and the old index stays', async () => {
    await fill(folder, { 'mine.txt': 'zxqv of no sense\r\n' })
    const spec = join(assets, 'models/termlens-lite0/model.json')
    const [whole, before] = await Promise.all(
      [spec, join(assets, 'index/manifest.json')].map((file) => readFile(file, 'utf8')),
    )
    const bare = JSON.parse(whole!)
    delete bare.text.tower
    await writeFile(spec, JSON.stringify(bare))
    const refused = await run('build', '--bank', 'mine=mine.txt')
    await writeFile(spec, whole!)
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/text_unknown: .*mine\.txt.*"zxqv of no sense".*\n.*text tower/)
    expect(await readFile(join(assets, 'index/manifest.json'), 'utf8')).toBe(before)

    const added = await run('build', '--bank', 'mine=mine.txt')
    expect(added.stdout).toMatch(/25 terms in 3 banks/)
    expect((await run('build')).stdout).toBe(built.stdout)
  })

  test('gives every bank the engine asked for, and verify measures it beside the exact one, or alone', async () => {
    const { code, stdout } = await run('build', '--engine', 'graph', '--json')
    expect(code).toBe(0)
    const engines = JSON.parse(stdout).manifest.banks.map(({ engine }: { engine: string }) => engine)
    expect(engines).toEqual(['graph', 'graph'])
    const [both, alone] = await Promise.all([run('verify', '--json'), run('verify', '--engine', 'graph', '--json')])
    const measured = (text: string) => JSON.parse(text).banks.map(({ engine }: { engine: string }) => engine)
    expect(measured(both.stdout)).toEqual(['graph', 'exact', 'graph', 'exact'])
    expect(measured(alone.stdout)).toEqual(['graph', 'graph'])
    const cannot = await run('verify', '--engine', 'prefilter')
    expect(cannot.stderr).toMatch(/index_invalid: .*what the engine prefilter needs/)
    expect((await run('build')).stdout).toBe(built.stdout)
  })

  test('3: without calibration pictures', async () => {
    await rename(join(assets, 'calibration'), join(assets, 'calibration.away'))
    const { code, stderr } = await run('build')
    await rename(join(assets, 'calibration.away'), join(assets, 'calibration'))
    expect(code).toBe(3)
    expect(stderr).toMatch(/^setup_missing: .*calibration.*\n.*git checkout -- assets\/calibration/)
  })

  test('names file and line of a bank that is not as it should be', async () => {
    const path = join(assets, 'banks/medium.txt')
    const text = await readFile(path, 'utf8')
    await appendFile(path, '\r\na (bracket)\r\n')
    const { code, stderr } = await run('build')
    await writeFile(path, text)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^bank_invalid: .*medium\.txt:\d+: /)
  })
})

describe('verify', () => {
  test('passes on what was built', async () => {
    const [people, machines] = await Promise.all([run('verify'), run('verify', '--json')])
    expect(people).toMatchObject({ code: 0, stdout: expect.stringContaining('movement') })
    expect(machines.code).toBe(0)
    expect(JSON.parse(machines.stdout)).toMatchObject({ ok: true, problems: [] })
  })

  test('fails on a shard of which a byte was flipped', async () => {
    const name = (await readdir(join(assets, 'index'))).find((file) => file.startsWith('movement'))!
    const path = join(assets, 'index', name)
    const bytes = await readFile(path)
    const damaged = Buffer.from(bytes)
    damaged[damaged.length - 40]! ^= 1
    await writeFile(path, damaged)
    const { code, stderr } = await run('verify')
    await writeFile(path, bytes)
    expect(code).toBe(3)
    expect(stderr).toMatch(/index_invalid: .*movement/)
  })
})

test('verify asks for the file of a bank of one’s own', async () => {
  const [first] = (await readFile(join(assets, 'banks/medium.txt'), 'utf8')).match(/^[^#\n].*$/m)!
  await fill(folder, { 'own.txt': `${first!.split(/[\t|]/)[0]!.trim()}\n` })
  expect(await run('build', '--bank', 'own=own.txt')).toMatchObject({ code: 0 })
  const [without, given] = await Promise.all([run('verify'), run('verify', '--bank', 'own=own.txt')])
  expect((await run('build')).stdout).toBe(built.stdout)
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('Pass --bank own=<file> to verify it') })
  expect(given).toMatchObject({ code: 0 })
})

describe('inspect', () => {
  test('shows the index, one bank of it, and the neighbours of a term', async () => {
    const [all, bank, term] = await Promise.all([
      run('inspect'),
      run('inspect', 'medium'),
      run('inspect', 'medium', 'a watercolor', '--top-k', '2', '--json'),
    ])
    expect(all).toMatchObject({ code: 0, stdout: expect.stringMatching(/medium[\s\S]*movement/) })
    expect(bank).toMatchObject({ code: 0, stdout: expect.stringContaining('section') })
    expect(JSON.parse(term.stdout)).toHaveLength(2)
  })

  test.each([
    ['a bank that is none', ['nonsense'], /bank_unknown: .*nonsense/],
    ['a term that is none', ['medium', 'nonsense'], /no term "nonsense"/],
    ['a number that is none', ['medium', 'a watercolor', '--top-k', 'x'], /--top-k/],
  ])('2: %s', async (_, args, words) => {
    const { code, stdout, stderr } = await run('inspect', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
  })
})

describe('doctor', () => {
  /** What fails, after `spoil` and before `mend`: the checks by name, with what to do. */
  async function failing(
    spoil: () => Promise<unknown>,
    mend: () => Promise<unknown>,
  ): Promise<Record<string, Finding>> {
    await spoil()
    try {
      const findings = await diagnose(root, assets)
      return Object.fromEntries(findings.filter(({ ok }) => !ok).map((finding) => [finding.check, finding]))
    } finally {
      await mend()
    }
  }
  const NOT_TRIED = expect.objectContaining({ found: expect.stringContaining('Not tried') })

  test('finds nothing where all is well, and looks at everything', async () => {
    const { code, stdout } = await run('doctor', '--json')
    expect(code).toBe(0)
    const findings = JSON.parse(stdout) as Finding[]
    expect(findings.map(({ check, ok }) => [check, ok])).toEqual(
      ['Node', 'packages', 'bindings', 'banks', 'model', 'index', 'a picture', 'captioners'].map((check) => [
        check,
        true,
      ]),
    )
  })

  test('says so with exit code 3 and in words, for people and for programs', async () => {
    const empty = { cwd: folder, env: { TERMLENS_ASSETS: 'nowhere' } }
    const [people, machines] = await Promise.all([termlens(['doctor'], empty), termlens(['doctor', '--json'], empty)])
    expect([people.code, machines.code]).toEqual([3, 3])
    expect(people.stdout).toMatch(/^FAILED {2}index: There is no index: .*\n {8}\S/m)
    expect(JSON.parse(machines.stdout)).toContainEqual(
      expect.objectContaining({ check: 'model', ok: false, mend: expect.stringContaining('git checkout') }),
    )
  })

  test.each(['20.19.0', '22.6.0', '18.0.0'])('Node %s is too old', async (version) => {
    const [node] = await diagnose(root, join(folder, 'nowhere'), version)
    expect(node).toMatchObject({ check: 'Node', ok: false, mend: expect.stringContaining('npm run termlens') })
  })

  test.each(['22.18.0', '24.1.0', '100.0.0'])('Node %s is not', async (version) => {
    expect((await diagnose(root, join(folder, 'nowhere'), version))[0]).toMatchObject({ ok: true })
  })

  test('packages that are not installed, and a binding that is missing', async () => {
    const other = join(folder, 'clone')
    await fill(other, { 'wrangler.toml': 'name = "termlens"\n# binding = "ASSETS"\n' })
    const [, packages, bindings] = await diagnose(other, join(folder, 'nowhere'))
    expect(packages).toMatchObject({ check: 'packages', ok: false, mend: 'Run npm install.' })
    expect(bindings).toMatchObject({ check: 'bindings', ok: false, mend: expect.stringContaining('wrangler.toml') })
  })

  test('says what the other binding is for', async () => {
    expect((await diagnose(root, join(folder, 'nowhere')))[2]!.found).toMatch(/^ASSETS, and TERMLENS_STATE.*gradio/)
    const other = join(folder, 'clone')
    await fill(other, { 'wrangler.toml': 'binding = "ASSETS"\n' })
    const found = expect.stringContaining('without TERMLENS_STATE')
    expect((await diagnose(other, join(folder, 'nowhere')))[2]).toMatchObject({ ok: true, found })
  })

  test('banks that are not there', async () => {
    const [banks, away] = [join(assets, 'banks'), join(assets, 'banks.away')]
    const found = await failing(
      () => rename(banks, away),
      () => rename(away, banks),
    )
    expect(found).toMatchObject({ banks: { mend: expect.stringContaining('checkout -- assets/banks') } })
  })

  test('a model that is not there', async () => {
    const [model, away] = [join(assets, 'models'), join(assets, 'models.away')]
    const found = await failing(
      () => rename(model, away),
      () => rename(away, model),
    )
    expect(Object.keys(found)).toEqual(['model', 'index', 'a picture'])
    expect(found.model!.mend).toContain('git checkout')
  })

  test('a model file that is damaged, or not there', async () => {
    const path = join(assets, 'models/termlens-lite0/vision.ort')
    const bytes = await readFile(path)
    const mend = () => writeFile(path, bytes)
    const damaged = await failing(() => writeFile(path, bytes.subarray(0, 1000)), mend)
    expect(damaged).toMatchObject({ model: { found: expect.stringContaining('damaged') }, 'a picture': NOT_TRIED })
    const missing = await failing(() => rm(path), mend)
    expect(missing).toMatchObject({ model: { found: expect.stringContaining('vision.ort') }, 'a picture': NOT_TRIED })
  })

  test('an index that is not there, of another version, or of another model', async () => {
    const path = join(assets, 'index/manifest.json')
    const text = await readFile(path, 'utf8')
    const manifest = JSON.parse(text)
    const mend = () => writeFile(path, text)
    const writing = (changed: object) => () => writeFile(path, JSON.stringify({ ...manifest, ...changed }))

    expect(await failing(() => rm(path), mend)).toMatchObject({
      index: { mend: expect.stringContaining('npm run termlens -- build') },
    })
    expect(await failing(writing({ version: 999 }), mend)).toMatchObject({
      index: { mend: expect.stringContaining('build') },
    })
    const foreign = writing({ model: { ...manifest.model, digest: '0'.repeat(64) } })
    const { index, model } = await failing(foreign, mend)
    expect(index).toMatchObject({ found: expect.stringContaining('000000'), mend: expect.stringContaining('build') })
    expect(model).toBeUndefined()
  })

  test('a tokenizer that is not there', async () => {
    const [path, away] = [join(assets, 'tokenizer'), join(assets, 'tokenizer.away')]
    const found = await failing(
      () => rename(path, away),
      () => rename(away, path),
    )
    expect(found).toEqual({ 'a picture': expect.objectContaining({ mend: expect.stringContaining('git checkout') }) })
  })
})
