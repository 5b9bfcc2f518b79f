import { testConformance } from './conformance.ts'
import { workersAi, workersAiBinding, workersAiChat } from './servers/workers-ai.ts'

for (const subject of [workersAi, workersAiChat, workersAiBinding]) testConformance(subject)
