/** What `doctor` says of the captioners: whether the settings are right and, with `--caption`, what each endpoint answers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { parseCaptioners } from '../../src/caption/adapters/settings.ts'
import { type Chain, createChain, type Picture, type Reason } from '../../src/caption/index.ts'
import { TermlensError } from '../../src/errors.ts'
import { hintOf } from '../console.ts'
import type { Finding } from './doctor.ts'

type Variables = Record<string, string | undefined>

/** The environment and, for what it does not have, `.dev.vars`: the settings of `npm start`. */
export async function captionerVariables(root: string, env: Variables = process.env): Promise<Variables> {
  const text = await readFile(join(root, '.dev.vars'), 'utf8').catch(() => '')
  return { ...parseEnv(text), ...env }
}

/** Never throws. With `sample` every endpoint is asked everything that it can do. */
export async function diagnoseCaptioners(
  variables: Variables,
  sample?: () => Promise<Picture | undefined>,
): Promise<Finding[]> {
  try {
    const captioners = parseCaptioners(variables.TERMLENS_CAPTIONERS)
    if (captioners.length === 0) {
      const found = 'none is configured: captions are retrieved'
      const mend = 'docs/captioning.md shows how to set one up.'
      return [{ check: 'captioners', ok: !sample, found, ...(sample && { mend }) }]
    }
    // The binding is there in the Worker alone; that it is missing here is no mistake.
    const host = {
      secret: (name: string) => variables[name],
      ai: { run: () => Promise.reject(new Error('no binding')) },
    }
    createChain(captioners, host)
    const names = captioners.map(({ name }) => name).join(', ')
    const settings: Finding = { check: 'captioners', ok: true, found: `the settings are right: ${names}` }
    if (!sample) return [settings]
    const image = await sample()
    if (!image) return [settings, { check: 'captioners', ok: false, found: 'Not asked: there is no sample picture.' }]
    const asked = captioners.map((captioner) => {
      const binding = captioner.protocol === 'workers-ai' && captioner.url === undefined
      return binding ? [notHere(captioner.name)] : askEndpoint(createChain([captioner], host), image)
    })
    return [settings, ...(await Promise.all(asked)).flat()]
  } catch (error) {
    if (!(error instanceof TermlensError)) throw error
    return [{ check: 'captioners', ok: false, found: error.message, mend: hintOf(error) }]
  }
}

const notHere = (name: string): Finding => ({
  check: name,
  ok: true,
  found: 'not asked: the binding AI is there in the Worker alone',
})

async function askEndpoint(chain: Chain, image: Picture): Promise<Finding[]> {
  const questions = {
    describe: async () => (await chain.describe({ image, n: 1 })).value[0]!,
    answer: async () => (await chain.answer({ image, n: 1, question: 'What does this picture show?' })).value[0]!.text,
    tag: async () => {
      const { tags } = (await chain.tag({ image })).value
      const best = Object.entries(tags).sort(([, a], [, b]) => b - a)
      return best
        .slice(0, 5)
        .map(([tag, score]) => `${tag} ${score.toFixed(2)}`)
        .join(', ')
    },
  }
  const [{ name, tasks }] = chain.links() as [ReturnType<Chain['links']>[number]]
  const findings: Finding[] = []
  for (const task of tasks) {
    const check = `${name}, ${task}`
    const begin = Date.now()
    try {
      const text = await questions[task]()
      findings.push({ check, ok: true, found: `"${text}" in ${((Date.now() - begin) / 1000).toFixed(1)} s` })
    } catch (error) {
      if (!(error instanceof TermlensError)) throw error
      const [reason] = (Array.isArray(error.cause) ? error.cause : []) as Reason[]
      const words = reason?.detail ? `; it said: ${reason.detail}` : ''
      const found = reason ? `${reason.code} (${reason.message})${words}` : error.message
      const mend = 'docs/captioning.md, "When it does not answer", explains this code.'
      findings.push({ check, ok: false, found, mend })
    }
  }
  return findings
}
