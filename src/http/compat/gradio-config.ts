/** What gradio's clients read before they call: the app's configuration and the description of its one function. */
import { FLAVORS } from './gradio-job.ts'

/** Newer than what makes clients ask a third party for descriptions, and the protocol of its time. */
const VERSION = '5.38.0'
export const PREFIX = '/gradio_api'
export const FUNCTION = 'clipi2'

const NO_QUEUE =
  'This endpoint has no queue. Use POST /gradio_api/call/clipi2 or /run/clipi2, or bind TERMLENS_STATE (docs/operations.md).'

/** Why a call through the queue is refused where there is none. */
export const noQueue = {
  error: NO_QUEUE,
  hint: NO_QUEUE,
  // The form in which the Python client shows a text of the server.
  detail: [{ __type__: 'validate', is_valid: false, parameter_name: 'queue', message: NO_QUEUE }],
}

const optional = (type: string) => ({ anyOf: [{ type }, { type: 'null' }], default: null })

/** A file as gradio 4 describes it: its Python clients upload only what is described like this, property for property. */
const FILE_DATA = {
  title: 'FileData',
  type: 'object',
  properties: {
    path: { type: 'string' },
    url: optional('string'),
    size: optional('integer'),
    orig_name: optional('string'),
    mime_type: optional('string'),
    is_stream: { type: 'boolean', default: false },
    meta: { type: 'object', default: { _type: 'gradio.FileData' } },
  },
  required: ['path'],
}

/** The Space's components: three inputs, and four outputs of which clients show the first. */
const COMPONENTS = [
  { id: 1, type: 'image', props: { name: 'image', label: 'Input image', type: 'pil' }, api_info: FILE_DATA },
  {
    id: 2,
    type: 'radio',
    props: {
      name: 'radio',
      label: 'Select mode',
      value: 'best',
      choices: ['best', 'classic', 'fast'].map((m) => [m, m]),
    },
  },
  {
    id: 3,
    type: 'slider',
    props: {
      name: 'slider',
      label: 'best mode max flavors',
      value: FLAVORS.default,
      minimum: FLAVORS.min,
      maximum: 24,
      step: 2,
    },
  },
  { id: 4, type: 'textbox', props: { name: 'textbox', label: 'Description Output' } },
  ...[5, 6, 7].map((id) => ({ id, type: 'html', props: { name: 'html', label: '' }, skip_api: true })),
]

export interface Announced {
  /** Where this app is: scheme and host. */
  root: string
  queue: boolean
}

/** `GET /config`. */
export function config({ root, queue }: Announced) {
  return {
    version: VERSION,
    mode: 'blocks',
    app_id: 1,
    title: 'Termlens',
    protocol: 'sse_v3',
    api_prefix: PREFIX,
    root,
    space_id: null,
    is_space: false,
    enable_queue: queue,
    ...(!queue && { hint: NO_QUEUE }),
    show_error: true,
    show_api: true,
    connect_heartbeat: false,
    dev_mode: false,
    analytics_enabled: false,
    components: COMPONENTS,
    dependencies: [
      {
        id: 0,
        targets: [[8, 'click']],
        inputs: [1, 2, 3],
        outputs: [4, 5, 6, 7],
        backend_fn: true,
        js: null,
        api_name: FUNCTION,
        queue,
        show_api: true,
        types: { generator: false, cancel: false },
      },
    ],
  }
}

/**
 * `GET /config` for clients of gradio 3, which know no prefix, no streams and no skipped outputs: without a queue they post to
 * `/api/predict`. The serializers are how those clients turn files and texts into JSON.
 */
export function configOfGradio3({ root }: Announced) {
  const serializers: Record<string, string> = { image: 'ImgSerializable', slider: 'NumberSerializable' }
  const { id: _, ...dependency } = config({ root, queue: false }).dependencies[0]!
  return {
    version: '3.41.2',
    mode: 'blocks',
    root,
    is_space: false,
    enable_queue: false,
    show_error: true,
    components: COMPONENTS.map((component) => ({
      ...component,
      serializer: serializers[component.type] ?? 'StringSerializable',
    })),
    dependencies: [dependency],
  }
}

const text = { label: 'Description Output', type: { type: 'string' }, component: 'Textbox' }

/** `GET /info`. Arguments by name are matched on `parameter_name`. */
export const info = {
  named_endpoints: {
    [`/${FUNCTION}`]: {
      parameters: [
        {
          label: 'Input image',
          parameter_name: 'image',
          parameter_has_default: false,
          parameter_default: null,
          type: FILE_DATA,
          python_type: { type: 'filepath', description: '' },
          component: 'Image',
          example_input: null,
        },
        {
          label: 'Select mode',
          parameter_name: 'mode',
          parameter_has_default: true,
          parameter_default: 'best',
          type: { type: 'string', enum: ['best', 'classic', 'fast'] },
          python_type: { type: "Literal['best', 'classic', 'fast']", description: '' },
          component: 'Radio',
          example_input: 'best',
        },
        {
          label: 'best mode max flavors',
          parameter_name: 'best_max_flavors',
          parameter_has_default: true,
          parameter_default: FLAVORS.default,
          type: { type: 'number' },
          python_type: { type: 'float', description: '' },
          component: 'Slider',
          example_input: FLAVORS.default,
        },
      ],
      returns: [{ ...text, python_type: { type: 'str', description: '' } }],
      show_api: true,
    },
  },
  unnamed_endpoints: {},
}
