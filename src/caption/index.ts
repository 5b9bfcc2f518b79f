/** Captions: what a picture shows, in words. Without a captioner it is retrieved from the term banks. */
export { type RetrievalOptions, retrieveCaption } from './retrieval.ts'
