/** docs/api.md says what the code does. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { analyzeOptions, askOptions, captionOptions, interrogateOptions, tagsOptions } from '../../src/http/schemas.ts'

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

test.each(Object.keys(errorTable))('names the error %s', (code) => {
  expect(page).toContain(`\`${code}\``)
})

const schemas = [interrogateOptions, analyzeOptions, captionOptions, askOptions, tagsOptions]
test.each(schemas.flatMap(({ shape }) => Object.keys(shape)))('names the option %s', (option) => {
  expect(page).toContain(`\`${option}\``)
})
