/** Every failure that a user can cause, with its status and what to do about it. No imports. */

const TABLE = {
  image_missing: [
    400,
    'Send the image as multipart field "image", as a raw image/* body, or as JSON {"image": "<base64>"}.',
  ],
  image_too_large: [413, 'Send an image file of at most 20 MB (8 MB of image inside JSON).'],
  image_too_many_pixels: [413, 'Scale the picture down before sending it: 1024 pixels on the long side are plenty.'],
  image_unsupported: [415, 'Send a JPEG, PNG, WebP, GIF or AVIF.'],
  image_heic: [
    415,
    'HEIC is not decoded here: export the photo as JPEG ("Most Compatible" in the camera settings of an iPhone).',
  ],
  image_corrupt: [422, 'The file is damaged or cut short: open it in an image editor and save it again.'],
  option_invalid: [422, 'See /openapi.json for the options and their ranges.'],
  mode_unknown: [422, 'The modes are best, fast, classic, negative and caption.'],
  bank_unknown: [422, 'GET /v1/banks lists the banks.'],
  url_forbidden: [422, 'Upload the image itself.'],
  url_failed: [422, 'Check that the address answers with an image, or upload the image itself.'],
  caption_unavailable: [502, 'Check the captioner with "termlens doctor", or leave out require_caption.'],
  model_mismatch: [409, 'Make the embedding with the model that /v1/models names, and send its digest.'],
  embedding_invalid: [422, "Send as many finite numbers as the model's embedding size, of unit length."],
  unauthorized: [401, 'Send a valid key as "Authorization: Bearer <key>".'],
  forbidden: [403, 'This key may not do that.'],
  not_found: [404, 'See /openapi.json for the routes.'],
  method_not_allowed: [405, 'See the Allow header for the methods of this route.'],
  rate_limited: [429, 'Wait for as long as Retry-After says.'],
  overloaded: [503, 'Try again after Retry-After seconds.'],
  model_load_failed: [503, 'Try again; if it stays, run "termlens doctor".'],
  index_invalid: [500, 'Run "termlens verify", then "termlens build".'],
  index_version: [500, 'Rebuild the index with this version: "termlens build".'],
  index_model_mismatch: [500, 'Rebuild the index for this model: "termlens build".'],
  internal: [500, 'This is a bug: please report it with the request id.'],
  bank_invalid: [422, 'See assets/banks/README.md for the format of a bank.'],
  text_unknown: [
    422,
    'This model has neither their vectors nor a text tower: take the terms out, or use a model with one.',
  ],
  input_not_found: [404, 'Check the path.'],
  setup_missing: [503, 'Run "termlens doctor".'],
} as const satisfies Record<string, readonly [status: number, hint: string]>

export type ErrorCode = keyof typeof TABLE

export interface TermlensErrorOptions {
  hint?: string
  cause?: unknown
}

/** A failure with a stable `code`, the HTTP `status` it maps to and a `hint` that says what the caller can do. */
export class TermlensError extends Error {
  override readonly name = 'TermlensError'
  readonly code: ErrorCode
  readonly status: number
  readonly hint: string

  constructor(code: ErrorCode, message: string, options: TermlensErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    const [status, hint] = TABLE[code]
    this.status = status
    this.hint = options.hint ?? hint
  }
}

/** All codes with their status and default hint, for documentation and tests. */
export const errorTable: Readonly<Record<ErrorCode, readonly [status: number, hint: string]>> = TABLE
