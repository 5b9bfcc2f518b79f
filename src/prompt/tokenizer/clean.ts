/**
 * Text cleaning before CLIP's byte-pair encoding: HTML entities, ftfy's simple fixes, whitespace, lower case.
 * Mojibake is left as it is: guessing a text's lost encoding is the one step of ftfy that is not simple.
 */

/** The entities that people's captions and terms contain; the other two thousand stay as they are. */
const ENTITIES: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', copy: '©', reg: '®', trade: '™', deg: '°' },
  ...{ hellip: '…', mdash: '—', ndash: '–', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»' },
  ...{ eacute: 'é', egrave: 'è', agrave: 'à', aacute: 'á', acirc: 'â', ecirc: 'ê', iacute: 'í', oacute: 'ó' },
  ...{ uacute: 'ú', ccedil: 'ç', ntilde: 'ñ', ouml: 'ö', uuml: 'ü', auml: 'ä', oslash: 'ø', aring: 'å', szlig: 'ß' },
  ...{ times: '×', middot: '·', bull: '•', euro: '€', pound: '£', frac12: '½' },
}

/** What bytes 0x80–0x9F mean in windows-1252, as HTML reads them; a space stands for the five that mean nothing. */
const WINDOWS_1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

const LIGATURES: Record<string, string> = {
  ...{ Ĳ: 'IJ', ĳ: 'ij', ŉ: "'n", Ǳ: 'DZ', ǲ: 'Dz', ǳ: 'dz', Ǆ: 'DŽ', ǅ: 'Dž', ǆ: 'dž', Ǉ: 'LJ', ǈ: 'Lj', ǉ: 'lj' },
  ...{ Ǌ: 'NJ', ǋ: 'Nj', ǌ: 'nj', ﬀ: 'ff', ﬁ: 'fi', ﬂ: 'fl', ﬃ: 'ffi', ﬄ: 'ffl', ﬅ: 'ſt', ﬆ: 'st' },
}

/** Characters with a code below 0x80 need none of the fixes but entities and whitespace. */
const PLAIN = /^[\x20-\x25\x27-\x7e]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes start with one
const TERMINAL_ESCAPES = /\x1b\[[\d;]*[a-zA-Z]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g

function unescapeHtml(text: string): string {
  return text.replace(/&(#x[\da-f]{1,6}|#\d{1,7}|[a-z]+\d*);?/gi, (whole: string, name: string) => {
    if (name.startsWith('#')) {
      const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
      if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return '\ufffd'
      return String.fromCodePoint(code)
    }
    return (whole.endsWith(';') && ENTITIES[name]) || whole.replace(/^&(amp|lt|gt|quot|nbsp)/, (_, n) => ENTITIES[n]!)
  })
}

function simpleFixes(text: string): string {
  return text
    .replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]!.replace(' ', c))
    .replace(/[ĲĳŉǱ-ǳǄ-ǌﬀ-ﬆ]/g, (c) => LIGATURES[c]!)
    .replace(/[\uff01-\uffef]/g, (c) => c.normalize('NFKC'))
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/[\u201c-\u201f]/g, '"')
    .toWellFormed()
    .replace(TERMINAL_ESCAPES, '')
    .replace(CONTROLS, '')
    .normalize('NFC')
}

/** `text` as CLIP's tokenizer sees it: entities unescaped twice, typography straightened, spaces collapsed, lower case. */
export function cleanText(text: string): string {
  const fixed = PLAIN.test(text) ? text : simpleFixes(unescapeHtml(unescapeHtml(text)))
  return fixed.replace(/\s+/g, ' ').trim().toLowerCase()
}
