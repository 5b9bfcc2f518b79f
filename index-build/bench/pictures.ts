/** The pictures of the bench: those of pictures/ (made by pictures/make.py), and small ones to make up the number. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './wrangler.ts'

export interface Picture {
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

const folder = join(root, 'index-build', 'bench', 'pictures')

const read = async (name: string, path: string): Promise<Picture> => ({
  name,
  bytes: new Uint8Array(await readFile(path)),
})

/** The pictures whose stages are timed. */
export const timedPictures = (): Promise<Picture[]> =>
  Promise.all(
    [
      ['0.5 MP JPEG', 'half-mp.jpg'],
      ['2 MP JPEG', 'two-mp.jpg'],
      ['12 MP JPEG', 'twelve-mp.jpg'],
      ['2 MP PNG', 'two-mp.png'],
      ['2 MP WebP', 'two-mp.webp'],
    ].map(([name, file]) => read(name!, join(folder, file!))),
  )

/** `count` different pictures: all of pictures/, then those of assets/calibration/. */
export async function differentPictures(count: number): Promise<Picture[]> {
  const list = async (path: string) =>
    (await readdir(path)).filter((name) => /\.(jpg|png|webp|avif)$/.test(name)).map((name) => join(path, name))
  const paths = [...(await list(folder)), ...(await list(join(root, 'assets', 'calibration')))].slice(0, count)
  return Promise.all(paths.map((path) => read(path, path)))
}
