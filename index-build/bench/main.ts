/**
 * `npm run bench -- [section…] [--runs N] [--out FILE]`: tables in Markdown on stdout, progress on stderr. Nothing is
 * asserted: the numbers are the machine's, which is named above them.
 */
import { parseArgs } from 'node:util'
import { exitCode, note, report, say } from '../console.ts'
import { machine } from './machine.ts'
import { toMarkdown, writeBetweenMarkers } from './markdown.ts'
import { SECTIONS } from './sections.ts'

const names = Object.keys(SECTIONS)

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: 'string', default: '40' }, out: { type: 'string' } },
  })
  const runs = Number(values.runs)
  const unknown = positionals.find((name) => !names.includes(name))
  if (unknown !== undefined || !Number.isInteger(runs) || runs < 1) {
    note(`Usage: npm run bench -- [${names.join(' | ')} …] [--runs N] [--out FILE]`)
    exitCode(2)
  } else {
    const texts = [`Measured on: ${machine()}.`]
    say(texts[0]!)
    for (const name of positionals.length > 0 ? positionals : names) {
      note(`section ${name}`)
      for (const table of await SECTIONS[name]!(runs)) {
        texts.push(toMarkdown(table))
        say(`\n${texts.at(-1)}`)
      }
    }
    if (values.out !== undefined) {
      await writeBetweenMarkers(values.out, texts.join('\n\n'))
      note(`written into ${values.out}`)
    }
  }
} catch (error) {
  report(error)
}
