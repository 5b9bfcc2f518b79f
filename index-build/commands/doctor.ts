/** `doctor`: says in words what is missing or does not fit together, and how to mend it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { startClock } from '../../src/clock.ts'
import { loadEngine } from '../../src/engine.ts'
import { TermlensError } from '../../src/errors.ts'
import { exitCode, say } from '../console.ts'
import { assetsDir, loadLocalEngine, readFrom } from '../local-engine.ts'

export interface Finding {
  check: string
  ok: boolean
  /** What was found. */
  found: string
  /** How to mend it, where it is not ok. */
  mend?: string
}

const OLDEST_NODE = 22

/** Examines the installation under `root` (the repository) and its assets. Never throws: what fails is a finding. */
export async function diagnose(root: string, assets = assetsDir): Promise<Finding[]> {
  const check = async (name: string, task: () => Promise<string>): Promise<Finding> => {
    try {
      return { check: name, ok: true, found: await task() }
    } catch (error) {
      const hint =
        error instanceof TermlensError ? error.hint : 'Run npm install, or fetch the file again: git checkout -- assets'
      return { check: name, ok: false, found: error instanceof Error ? error.message : String(error), mend: hint }
    }
  }

  return [
    await check('Node', async () => {
      if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return process.versions.node
      throw new TermlensError('setup_missing', `Node ${process.versions.node} is older than ${OLDEST_NODE}.`, {
        hint: 'Call it through npm ("npm run termlens -- doctor"): npm install brings its own Node.',
      })
    }),
    await check('packages', async () => {
      const { version } = JSON.parse(await readFile(join(root, 'node_modules/wrangler/package.json'), 'utf8'))
      return `wrangler ${version}`
    }),
    await check('bindings', async () => {
      const config = await readFile(join(root, 'wrangler.toml'), 'utf8')
      if (/binding\s*=\s*"ASSETS"/.test(config)) return 'ASSETS'
      throw new TermlensError('setup_missing', 'wrangler.toml has no assets binding "ASSETS".', {
        hint: 'Restore the [assets] section: git checkout -- wrangler.toml',
      })
    }),
    await check('index', async () => {
      const { ranker, spec } = await loadEngine(readFrom(assets))
      return `${ranker.terms} terms in ${ranker.banks().length} banks, for ${spec.name}`
    }),
    await check('model', async () => {
      const { spec } = await loadEngine(readFrom(assets))
      const path = join(assets, 'models', spec.name, spec.vision.file)
      const digest = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      if (digest === spec.digest) return `${spec.name}, ${digest.slice(0, 12)}`
      throw new TermlensError(
        'setup_missing',
        `${path} has digest ${digest.slice(0, 12)}, model.json says ${spec.digest.slice(0, 12)}.`,
        {
          hint: 'The file is damaged or of another version: git checkout -- assets/models',
        },
      )
    }),
    await check('a picture', async () => {
      const engine = await loadLocalEngine(assets)
      const [sample] = (await readFile(join(assets, 'calibration', 'calibration.jsonl'), 'utf8')).split('\n')
      const { id } = JSON.parse(sample ?? '{}') as { id: string }
      const clock = startClock()
      await engine.see!(await readFile(join(assets, 'calibration', `${id}.webp`)), clock)
      return `read in ${Math.round(clock.timings().total_ms ?? 0)} ms, the load included`
    }),
  ]
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what is missing or does not fit together, and how to mend it')
    .option('--json', 'the findings as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await diagnose(fileURLToPath(new URL('../..', import.meta.url)))
      if (json) say(JSON.stringify(findings))
      else {
        for (const { check, ok, found, mend } of findings)
          say(`${ok ? 'ok    ' : 'FAILED'}  ${check}: ${found}${mend ? `\n        ${mend}` : ''}`)
      }
      exitCode(findings.every(({ ok }) => ok) ? 0 : 3)
    })
}
