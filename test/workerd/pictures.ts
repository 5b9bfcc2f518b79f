/** Pictures for the tests in workerd, which has no file system: bundled as data URIs. */
const bundled = import.meta.glob<string>(
  ['../fixtures/images/*.{jpg,png,webp,gif,avif}', '../../assets/calibration/*.webp'],
  { query: '?inline', import: 'default' },
)

const decodeUri = (uri: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(uri.slice(uri.indexOf(',') + 1)), (char) => char.charCodeAt(0))

const byName = new Map(Object.entries(bundled).map(([path, load]) => [path.split('/').at(-1) ?? '', load]))

/** The bytes of the picture with this file name. */
export async function picture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const load = byName.get(name)
  if (!load) throw new Error(`no picture ${name}; there are ${[...byName.keys()].join(', ')}`)
  return decodeUri(await load())
}

export const pictureNames = [...byName.keys()].sort()
