/** `doctor`: says in words what is missing or does not fit together, and how to mend it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { startClock } from '../../src/clock.ts'
import { TermlensError } from '../../src/errors.ts'
import { parseManifest } from '../../src/term-index/index.ts'
import { readBanks } from '../banks.ts'
import { EMBEDDED, readSpec } from '../build.ts'
import { exitCode, hintOf, messageOf, say } from '../console.ts'
import { openIndexFolder, readManifest } from '../index-folder.ts'
import { assetsDir, loadLocalEngine } from '../local-engine.ts'
import { captionerVariables, diagnoseCaptioners } from './captioners.ts'

export interface Finding {
  check: string
  ok: boolean
  /** What was found. */
  found: string
  /** How to mend it, where it is not ok. */
  mend?: string
}

/** The first that runs TypeScript as it stands, and module hooks. */
const OLDEST_NODE = '22.18.0'

/**
 * Examines the installation under `root` (the repository) and its assets. Never throws: what fails is a finding.
 * @param node version of the Node that runs this
 */
export async function diagnose(root: string, assets = assetsDir, node = process.versions.node): Promise<Finding[]> {
  const indexDir = join(assets, 'index')
  const findings: Finding[] = []
  const check = async (name: string, mend: string, task: () => Promise<string>): Promise<void> => {
    try {
      findings.push({ check: name, ok: true, found: await task() })
    } catch (error) {
      const found = error instanceof Error ? messageOf(error) : String(error)
      const own = error instanceof TermlensError && error.code !== 'input_not_found' && !error.hint.includes('doctor')
      const hint = own ? hintOf(error) : mend
      findings.push({ check: name, ok: false, found, mend: hint })
    }
  }

  await check(
    'Node',
    'Call it through npm ("npm run termlens -- doctor"): npm install brings its own Node.',
    async () => {
      if (node.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0) return node
      throw new Error(`Node ${node} is older than ${OLDEST_NODE}.`)
    },
  )
  await check('packages', 'Run npm install.', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'node_modules/wrangler/package.json'), 'utf8'))
    return `wrangler ${version}`
  })
  await check('bindings', 'Restore the [assets] section: git checkout -- wrangler.toml', async () => {
    const settings = await readFile(join(root, 'wrangler.toml'), 'utf8')
    const [assets, state] = [/^\s*binding\s*=\s*"ASSETS"/m, /^\s*name\s*=\s*"TERMLENS_STATE"/m]
    if (assets.test(settings)) {
      return state.test(settings)
        ? 'ASSETS, and TERMLENS_STATE, from which clients of gradio and Replicate fetch their texts'
        : 'ASSETS; without TERMLENS_STATE, clients of gradio and Replicate cannot fetch their texts'
    }
    throw new Error('wrangler.toml has no assets binding "ASSETS".')
  })

  await check('banks', 'Fetch them again: git checkout -- assets/banks', async () => {
    const banks = await readBanks(join(assets, 'banks'))
    if (banks.length === 0) throw new Error(`There is no bank in ${join(assets, 'banks')}.`)
    return `${banks.reduce((sum, { terms }) => sum + terms.length, 0)} terms in ${banks.length} banks`
  })
  const modelName = await readManifest(indexDir)
    .then((manifest) => parseManifest(manifest).model.name)
    .catch(() => EMBEDDED)
  const modelDir = join(assets, 'models', modelName)
  await check('model', 'Fetch its files again: git checkout -- assets/models', async () => {
    const spec = await readSpec(modelDir)
    const path = join(modelDir, spec.vision.file)
    const digest = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    if (digest === spec.digest) return `${spec.name}, ${digest.slice(0, 12)}`
    throw new Error(
      `${path} has digest ${digest.slice(0, 12)}, model.json says ${spec.digest.slice(0, 12)}: it is damaged, or of another version.`,
    )
  })
  await check('index', 'Build it: npm run termlens -- build', async () => {
    await readManifest(indexDir)
    const index = await openIndexFolder(indexDir, await readSpec(modelDir))
    return `${index.terms} terms in ${index.banks().length} banks, for ${modelName}`
  })
  if (findings.some(({ ok }) => !ok)) {
    return [...findings, { check: 'a picture', ok: false, found: 'Not tried: what stands above comes first.' }]
  }
  await check('a picture', 'Fetch the assets again: git checkout -- assets', async () => {
    const engine = await loadLocalEngine(assets)
    const clock = startClock()
    await engine.see!(await samplePicture(assets), clock)
    return `read in ${Math.round(clock.timings().total_ms ?? 0)} ms, the load included`
  })
  return findings
}

/** The first of the calibration pictures. */
async function samplePicture(assets: string): Promise<Uint8Array> {
  const [first] = (await readFile(join(assets, 'calibration', 'calibration.jsonl'), 'utf8')).split('\n')
  const { id } = JSON.parse(first ?? '{}') as { id: string }
  return readFile(join(assets, 'calibration', `${id}.webp`))
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what is missing or does not fit together, and how to mend it')
    .option('--caption', 'ask every configured captioner about a sample picture')
    .option('--json', 'the findings as JSON')
    .action(async ({ caption, json }: { caption?: boolean; json?: boolean }) => {
      const root = fileURLToPath(new URL('../..', import.meta.url))
      const findings = await diagnose(root)
      const well = findings.every(({ ok }) => ok)
      const sample = async () =>
        well ? (await loadLocalEngine()).look!(await samplePicture(assetsDir), startClock()) : undefined
      findings.push(...(await diagnoseCaptioners(await captionerVariables(root), caption ? sample : undefined)))
      if (json) say(JSON.stringify(findings))
      else {
        for (const { check, ok, found, mend } of findings)
          say(`${ok ? 'ok    ' : 'FAILED'}  ${check}: ${found}${mend ? `\n        ${mend}` : ''}`)
      }
      exitCode(findings.every(({ ok }) => ok) ? 0 : 3)
    })
}
