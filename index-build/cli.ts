/** The `termlens` command. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addEndpointCommands } from './commands/ask-endpoints.ts'
import { addImageCommands } from './commands/ask-images.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEvaluateCommand } from './commands/evaluate.ts'
import { addIndexCommands } from './commands/index.ts'
import { exitCode, report } from './console.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('termlens')
  .description('Reads an image and writes the prompt that would draw it.')
  .version(version)
  .showHelpAfterError('(npm run termlens -- <command> --help lists the options)')
  .exitOverride()

addImageCommands(program)
addEndpointCommands(program)
addIndexCommands(program)
addEvaluateCommand(program)
addDoctorCommand(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) exitCode(error.exitCode === 0 ? 0 : 2)
  else report(error)
}
