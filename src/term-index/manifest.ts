/** manifest.json, the file that names an index's shards: docs/index-format.md, section 5. */
import { TermlensError } from '../errors.ts'
import { sha256Hex } from './digest.ts'
import { BANK_NAME, HEADER_SIZE, MAX_DIMS, type Rules, VERSION } from './format.ts'
import { isRecord, isRules } from './meta.ts'

/** How a bank is searched. */
export const ENGINES = ['exact', 'prefilter', 'graph'] as const
export type Engine = (typeof ENGINES)[number]

export interface ManifestBank {
  name: string
  /** Beside the manifest. */
  file: string
  /** Of the file, hex. */
  sha256: string
  bytes: number
  terms: number
  rows: number
  engine: Engine
}

export interface Manifest {
  format: 'termlens-index'
  version: number
  model: { name: string; digest: string; embedding_size: number }
  rules: Rules
  banks: ManifestBank[]
  terms: number
  rows: number
  bytes: number
  /** Bytes of WebAssembly memory that reading it takes. */
  memory: number
  created_by: string
}

const DIGEST = /^[0-9a-f]{64}$/

const fail = (message: string): never => {
  throw new TermlensError('index_invalid', `manifest.json is not valid: ${message}.`)
}

/**
 * Checks a parsed `manifest.json`. Members that are not described are dropped.
 * @throws TermlensError `index_invalid`, `index_version`
 */
export function parseManifest(json: unknown): Manifest {
  if (!isRecord(json) || json.format !== 'termlens-index') return fail('it is not the manifest of a Termlens index')
  if (json.version !== VERSION) {
    throw new TermlensError(
      'index_version',
      `The index has version ${json.version} of the format; this reader knows ${VERSION}.`,
    )
  }
  const { model, rules, banks, created_by } = json
  if (
    !isRecord(model) ||
    typeof model.name !== 'string' ||
    typeof model.digest !== 'string' ||
    !DIGEST.test(model.digest)
  ) {
    return fail('it names no model')
  }
  const embedding_size = count(model.embedding_size, 'model.embedding_size')
  if (embedding_size < 1 || embedding_size > MAX_DIMS) return fail('model.embedding_size is out of range')
  if (!isRules(rules)) return fail('rules is neither termlens nor original')
  if (!Array.isArray(banks)) return fail('it lists no banks')
  if (typeof created_by !== 'string') return fail('created_by is missing')
  const manifest: Manifest = {
    format: json.format,
    version: json.version,
    model: { name: model.name, digest: model.digest, embedding_size },
    rules,
    banks: banks.map(parseBank),
    terms: count(json.terms, 'terms'),
    rows: count(json.rows, 'rows'),
    bytes: count(json.bytes, 'bytes'),
    memory: count(json.memory, 'memory'),
    created_by,
  }
  if (new Set(manifest.banks.map(({ name }) => name)).size !== banks.length) return fail('a bank is listed twice')
  for (const member of ['terms', 'rows', 'bytes'] as const) {
    const sum = manifest.banks.reduce((total, bank) => total + bank[member], 0)
    if (sum !== manifest[member]) return fail(`${member} is ${manifest[member]}, but its banks add up to ${sum}`)
  }
  return manifest
}

function parseBank(bank: unknown): ManifestBank {
  if (!isRecord(bank) || typeof bank.name !== 'string' || !BANK_NAME.test(bank.name))
    return fail('a bank has no valid name')
  const { name, sha256 } = bank
  const engine = ENGINES.find((known) => known === bank.engine)
  if (typeof sha256 !== 'string' || !DIGEST.test(sha256)) return fail(`bank ${name} has no digest`)
  const file = `${name}.${sha256.slice(0, 16)}.tlx`
  if (bank.file !== file) return fail(`the file of bank ${name} is not named ${file}`)
  if (!engine) return fail(`bank ${name} has an unknown engine`)
  const bytes = count(bank.bytes, `bytes of bank ${name}`)
  if (bytes < HEADER_SIZE || bytes % 16 !== 0) return fail(`bank ${name} cannot have ${bytes} bytes`)
  return {
    name,
    file,
    sha256,
    bytes,
    terms: count(bank.terms, `terms of bank ${name}`),
    rows: count(bank.rows, `rows of bank ${name}`),
    engine,
  }
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff)
    return fail(`${what} is not a count`)
  return value
}

/** @returns the version of the index: 16 hex digits that change with anything the manifest says */
export async function indexVersion(manifest: Manifest): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(JSON.stringify(manifest)))).slice(0, 16)
}

/** @returns the text of `manifest.json` */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`
