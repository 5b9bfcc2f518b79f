/** SHA-256 with the Web Crypto that every host has. */

/** @returns the 32 bytes of the digest */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

/** @returns the digest in lower-case hex */
export const sha256Hex = async (bytes: Uint8Array): Promise<string> => toHex(await sha256(bytes))

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

/** @param hex an even number of hex digits */
export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
