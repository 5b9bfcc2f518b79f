// @ts-check
/** The page: takes an image, asks /v1, shows the prompt and the ranked terms. */

/** Longest side and most bytes of what is uploaded as it is; larger pictures are scaled down here. */
const LONGEST_SIDE = 2048
const MOST_BYTES = 8_000_000
/** The score that fills a bar: standard deviations above what a term has on ordinary pictures. */
const FULL_BAR = 6
const SENT_AS_IS = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif'])

/** @template {HTMLElement} T @param {string} id @returns {T} */
const element = (id) => /** @type {T} */ (document.getElementById(id))

const drop = element('drop')
const file = /** @type {HTMLInputElement} */ (element('file'))
const preview = /** @type {HTMLImageElement} */ (element('preview'))
const prompt = /** @type {HTMLTextAreaElement} */ (element('prompt'))
const copy = /** @type {HTMLButtonElement} */ (element('copy'))
const again = /** @type {HTMLButtonElement} */ (element('again'))
const mode = /** @type {HTMLSelectElement} */ (element('mode'))
const dialect = /** @type {HTMLSelectElement} */ (element('dialect'))
const artists = /** @type {HTMLInputElement} */ (element('artists'))
const status = element('status')
const problem = element('problem')

/** @type {Blob | undefined} */
let current
/** The embedding of `current`: the image is sent once, and other modes ask with this. @type {{embedding: number[], model: string} | undefined} */
let embedding
/** @type {AbortController | undefined} */
let running

element('origin').textContent = location.origin

/** @param {Blob} image */
async function take(image) {
  current = image
  embedding = undefined
  URL.revokeObjectURL(preview.src)
  preview.src = URL.createObjectURL(image)
  preview.alt = image instanceof File ? image.name : 'The image'
  preview.hidden = false
  element('invite').hidden = true
  again.disabled = false
  await read()
}

async function read() {
  if (!current) return
  running?.abort()
  const mine = new AbortController()
  running = mine
  copy.disabled = true
  problem.hidden = true
  try {
    if (!embedding) {
      status.textContent = 'Preparing the image…'
      const form = new FormData()
      form.set('image', await shrink(current))
      status.textContent = 'Reading the image…'
      const seen = await ask('embed', { body: form, signal: mine.signal })
      embedding = { embedding: seen.embedding, model: seen.model.digest }
    }
    status.textContent = 'Writing the prompt…'
    const options = { mode: mode.value, dialect: dialect.value, ...(!artists.checked && { exclude: ['artists'] }) }
    const [answer, analysis] = await Promise.all([
      ask('interrogate', asJson({ ...embedding, ...options }, mine.signal)),
      ask('analyze', asJson(embedding, mine.signal)),
    ])
    show(answer, analysis)
  } catch (error) {
    if (mine.signal.aborted) return
    status.textContent = ''
    showProblem(error)
  }
}

/** @param {object} body @param {AbortSignal} signal @returns {RequestInit} */
const asJson = (body, signal) => ({
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
  signal,
})

/** @param {string} route @param {RequestInit} request @returns {Promise<any>} */
async function ask(route, request) {
  const response = await fetch(`/v1/${route}`, { method: 'POST', ...request }).catch((cause) => {
    if (request.signal?.aborted) throw cause
    throw { title: 'The server cannot be reached', hint: 'Check the connection and read the image again.' }
  })
  const body = await response
    .json()
    .catch(() => ({ title: `The server answered with status ${response.status}`, hint: 'Try again in a moment.' }))
  if (!response.ok) throw body
  return body
}

/** Pictures that are large, or of a format that the server does not read, become a smaller JPEG where the browser can. @param {Blob} image */
async function shrink(image) {
  const bitmap = await createImageBitmap(image).catch(() => undefined)
  if (!bitmap) return image
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  if (scale === 1 && image.size <= MOST_BYTES && SENT_AS_IS.has(image.type)) return image
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  )
  const pen = canvas.getContext('2d')
  if (!pen) return image
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.imageSmoothingQuality = 'high'
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })
}

/** @param {any} answer @param {any} analysis */
function show(answer, analysis) {
  prompt.value = answer.prompt
  copy.disabled = false
  element('meta').textContent = `${answer.tokens} tokens`
  const told = answer.warnings.filter((/** @type {{code: string}} */ { code }) => code !== 'caption_unavailable')
  status.textContent = told.map((/** @type {{message: string}} */ { message }) => message).join(' ')
  const order = ['medium', 'subject', 'movement', 'artist', 'flavor', 'trending', 'tag']
  const names = Object.keys(analysis.terms)
    .filter((name) => name !== 'negative')
    .sort((a, b) => rankOf(order, a) - rankOf(order, b))
  element('banks').replaceChildren(...names.map((name) => bankList(name, analysis.terms[name])))
}

/** @param {string[]} order @param {string} name */
const rankOf = (order, name) => (order.includes(name) ? order.indexOf(name) : order.length)

/** @param {string} bank @param {{term: string, similarity: number, score?: number}[]} terms */
function bankList(bank, terms) {
  const list = document.createElement('ol')
  list.append(
    ...terms.map(({ term, similarity, score = similarity }) => {
      const item = document.createElement('li')
      const name = document.createElement('span')
      name.textContent = term
      const value = document.createElement('span')
      value.className = 'value'
      value.textContent = score.toFixed(1)
      item.title = `score ${score.toFixed(2)}, cosine ${similarity.toFixed(3)}`
      const bar = document.createElement('div')
      bar.className = 'bar'
      bar.style.width = `${Math.round((100 * Math.min(FULL_BAR, Math.max(0, score))) / FULL_BAR)}%`
      item.append(name, value, bar)
      return item
    }),
  )
  const box = document.createElement('div')
  const title = document.createElement('h3')
  title.textContent = bank
  box.append(title, list)
  return box
}

/** @param {any} error */
function showProblem(error) {
  const title = document.createElement('strong')
  title.textContent = error.detail ?? error.title ?? 'The image could not be read'
  problem.replaceChildren(title, error.hint ?? 'Try another image.')
  problem.hidden = false
}

preview.addEventListener('error', () => {
  preview.hidden = true
  element('invite').hidden = false
})
file.addEventListener('change', () => {
  const [chosen] = file.files ?? []
  if (chosen) take(chosen)
  file.value = ''
})
for (const type of ['dragenter', 'dragover']) {
  document.addEventListener(type, (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
}
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.classList.remove('over')
})
document.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  const [dropped] = event.dataTransfer?.files ?? []
  if (dropped) take(dropped)
})
document.addEventListener('paste', (event) => {
  const [pasted] = event.clipboardData?.files ?? []
  if (pasted) take(pasted)
})
for (const control of [mode, dialect, artists]) control.addEventListener('change', read)
again.addEventListener('click', read)
copy.addEventListener('click', async () => {
  prompt.select()
  // Only secure origins have a clipboard; elsewhere the text is selected, ready to be copied by hand.
  await navigator.clipboard?.writeText(prompt.value)
  status.textContent = navigator.clipboard ? 'Copied.' : 'Selected: press Ctrl+C to copy.'
})
