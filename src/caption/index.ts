/**
 * Captions: what a picture shows, in words. Endpoints are asked through a chain (`configure`); without one a caption is
 * retrieved from the term banks. `forward.ts` makes what endpoints get to see; it stands apart, for it needs the image room.
 */
export type { AiBinding, Picture } from './adapters/types.ts'
export { type Chain, createChain, type Outcome, type Reason, toCaptioner } from './chain.ts'
export { configure } from './configure.ts'
export { type RetrievalOptions, retrieveCaption } from './retrieval.ts'
export { STYLES, type Style, styles } from './styles.ts'
