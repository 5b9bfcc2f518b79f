/** The committed index is what its sources give, byte for byte. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build, EMBEDDED } from '../../index-build/build.ts'
import { calibrationEmbeddings } from '../../index-build/calibration-pictures.ts'
import { assetsDir } from '../../index-build/local-engine.ts'

test('termlens build gives the committed index', async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'termlens-shipped-'))
  try {
    const { manifest } = await build({
      banksDir: join(assetsDir, 'banks'),
      modelDir: join(assetsDir, 'models', EMBEDDED),
      outDir,
      calibration: await calibrationEmbeddings({ assets: assetsDir, model: EMBEDDED, cacheDir: outDir }),
    })
    const [made, committed] = await Promise.all(
      [outDir, join(assetsDir, 'index')].map((folder) => readFile(join(folder, 'manifest.json'), 'utf8')),
    )
    expect(made).toBe(committed)
    for (const { file } of manifest.banks) {
      expect((await readFile(join(assetsDir, 'index', file))).equals(await readFile(join(outDir, file)))).toBe(true)
    }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}, 120_000)
