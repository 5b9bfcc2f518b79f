/** Side-car text files: the prompt of picture.jpg in picture.txt, as trainers of image models read them. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'

export const sideCarModes = ['skip', 'append', 'prepend', 'overwrite'] as const
export type SideCarMode = (typeof sideCarModes)[number]

export const sideCarPath = (picture: string): string =>
  `${picture.slice(0, picture.length - extname(picture).length)}.txt`

export const readSideCar = (picture: string): Promise<string | undefined> =>
  readFile(sideCarPath(picture), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

/** Joins `prompt` to what the file holds; a prompt that already stands there, between commas or ends, is not repeated. */
export function joinSideCar(before: string | undefined, prompt: string, mode: SideCarMode): string {
  const old = before?.trim() ?? ''
  if (old === '' || mode === 'overwrite') return prompt
  if (mode === 'skip' || prompt === '' || `, ${old}, `.includes(`, ${prompt}, `)) return old
  return mode === 'append' ? `${old}, ${prompt}` : `${prompt}, ${old}`
}

/** Writes the side-car of `picture`, whole or not at all; `skip` leaves one that is there. */
export async function writeSideCar(picture: string, prompt: string, mode: SideCarMode): Promise<void> {
  const path = sideCarPath(picture)
  const before = await readSideCar(picture)
  const text = `${joinSideCar(before, prompt, mode)}\n`
  if (text === before || (mode === 'skip' && before?.trim())) return
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}
