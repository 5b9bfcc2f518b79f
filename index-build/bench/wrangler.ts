/** The Worker as wrangler makes it, in workerd as wrangler runs it: on this machine alone, on a free port. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

process.env.WRANGLER_SEND_METRICS = 'false'
process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What wrangler depends on is found from its own folder. */
const ofWrangler = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'))

/** Version of a package that wrangler brings. */
export const versionOf = (name: 'miniflare' | 'workerd'): string =>
  (ofWrangler(`${name}/package.json`) as { version: string }).version

export interface Bundle {
  /** Folder with the modules. */
  folder: string
  /** Modules, the entry first. */
  modules: string[]
  /** As uploaded, uncompressed. */
  bytes: number
  /** As wrangler reports it. */
  gzipKiB: number
}

/** What would be deployed. @param env of wrangler.toml; '' is the top @param entry in place of its `main` */
export async function bundle(env: string, entry?: string): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'termlens-bench-'))
  const wrangler = ofWrangler.resolve('./bin/wrangler.js')
  const args = ['deploy', ...(entry ? [entry] : []), '--dry-run', '--outdir', folder, '--env', env]
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, ...args], { cwd: root })
  const gzip = /gzip: ([\d.]+) KiB/.exec(stdout)?.[1]
  if (gzip === undefined) throw new Error(`wrangler reported no size:\n${stdout}`)
  const files = (await readdir(folder)).filter((name) => /\.(js|wasm)$/.test(name))
  const modules = files.sort((a, b) => Number(b.endsWith('.js')) - Number(a.endsWith('.js')))
  const sizes = await Promise.all(modules.map(async (name) => (await stat(join(folder, name))).size))
  return { folder, modules, bytes: sizes.reduce((a, b) => a + b, 0), gzipKiB: Number(gzip) }
}

export const removeBundle = ({ folder }: Bundle): Promise<void> => rm(folder, { recursive: true, force: true })

interface Miniflare {
  ready: Promise<URL>
  getInspectorURL(): Promise<URL>
  dispose(): Promise<void>
}

interface MiniflareModule {
  Miniflare: new (options: unknown) => Miniflare
  convertV4MiniflareOptions(options: Record<string, unknown>): unknown
}

export interface Workerd {
  /** Ends in a slash. */
  url: URL
  /** The debugger, with a list of what it can look into at /json. */
  inspector: URL
  stop(): Promise<void>
}

export const WORKER = 'termlens'

/** Starts a workerd of its own with this bundle and the assets of wrangler.toml. @param v8Flags as `--expose-gc` */
export async function start({ folder, modules }: Bundle, v8Flags = ''): Promise<Workerd> {
  const { unstable_getMiniflareWorkerOptions } = await import('wrangler')
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'))
  const { Miniflare, convertV4MiniflareOptions } = ofWrangler('miniflare') as MiniflareModule
  // miniflare reads the flags of V8 when it starts workerd, and from nowhere else.
  process.env.MINIFLARE_WORKERD_V8_FLAGS = v8Flags
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      inspectorPort: 0,
      cf: false,
      ...workerOptions,
      name: WORKER,
      modulesRoot: folder,
      modules: modules.map((name) => ({
        type: name.endsWith('.js') ? 'ESModule' : 'CompiledWasm',
        path: join(folder, name),
      })),
    }),
  )
  const stop = () => miniflare.dispose()
  try {
    const url = await miniflare.ready
    return { url, inspector: await miniflare.getInspectorURL(), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
