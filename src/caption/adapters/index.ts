/** GPU endpoints: settings in, an `Endpoint` out. One file per protocol. */
import { cog } from './cog.ts'
import { huggingFace } from './hugging-face.ts'
import { kserve } from './kserve.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { replicate } from './replicate.ts'
import { sdapi } from './sdapi.ts'
import type { CaptionerSettings } from './settings.ts'
import type { Endpoint, Service } from './types.ts'
import { workersAi } from './workers-ai.ts'

export function createEndpoint(settings: CaptionerSettings, service: Service): Endpoint {
  switch (settings.protocol) {
    case 'openai':
      return openai(settings, service)
    case 'ollama':
      return ollama(settings, service)
    case 'workers-ai':
      return workersAi(settings, service)
    case 'replicate':
      return replicate(settings, service)
    case 'cog':
      return cog(settings, service)
    case 'hugging-face':
      return huggingFace(settings, service)
    case 'kserve':
      return kserve(settings, service)
    case 'sdapi':
      return sdapi(settings, service)
  }
}
