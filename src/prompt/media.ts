/** Which techniques exclude each other: a photograph is not also an etching. */
import { memoized, words } from './words.ts'

/** Only nouns that leave no doubt; `digital art`, `illustration`, `mixed media` and the like go with everything. Words joined by _ are looked for as one. */
const FAMILIES: Record<string, string> = {
  photo:
    'photo photos photorealistic photograph photographs photography selfie snapshot polaroid daguerreotype ambrotype tintype cyanotype dslr bokeh astrophotography microscope_image micrograph microscopy satellite_image thermal_image film_still silver_gelatin_print albumen_print',
  painting:
    'painting paintings photorealistic photorealism hyperrealism watercolor watercolors watercolour watercolours gouache fresco tempera acrylic impasto encaustic grisaille brushstrokes brushwork ukiyo nishiki',
  drawing:
    'drawing drawings photorealistic sketch sketches sketchbook charcoal crayon pastel pastels pencil silverpoint doodle cartoon comic manga botanical_illustration scientific_illustration technical_drawing architectural_sketch line_art lineless_art',
  print:
    'etching engraving woodcut woodcuts woodblock linocut lithograph lithography mezzotint aquatint drypoint screenprint screen_print risograph botanical_illustration ukiyo nishiki poster posters',
  render: 'render renders photorealistic rendering cgi 3d octane voxel raytracing low_poly game_screenshot',
  sculpture: 'sculpture sculptures statue statues statuette figurine bust carving',
  textile: 'embroidery tapestry crochet quilt needlework knitting',
  vector: 'vector vectors clipart line_art lineless_art flat_icon app_icon line_icon emoji',
  poster: 'poster posters',
  layout: 'infographic blueprint floor_plan technical_drawing architectural_drawing architectural_sketch screenshot',
  screen: 'screenshot game_screenshot',
  icon: 'flat_icon app_icon line_icon emoji',
  pixels: 'pixel pixels game_screenshot',
}
const FAMILIES_OF = new Map<string, string[]>()
for (const [family, nouns] of Object.entries(FAMILIES)) {
  for (const noun of nouns.split(' ')) FAMILIES_OF.set(noun, [...(FAMILIES_OF.get(noun) ?? []), family])
}
/** These are techniques where a text begins with them; elsewhere somebody may be reading a map. */
const LAYOUT = /^(an? )?(\w+ )?(map|chart|diagram|flowchart)\b/i

/** The techniques that `text` names. Of `screen print` and `screen` the longer counts. */
export const mediaOf: (text: string) => ReadonlySet<string> = memoized((text) => {
  const found = new Set<string>(LAYOUT.test(text) ? ['layout'] : [])
  const all = words(text)
  for (let n = 0; n < all.length; n++) {
    const length = [3, 2, 1].find((length) => FAMILIES_OF.has(all.slice(n, n + length).join('_'))) ?? 0
    for (const family of FAMILIES_OF.get(all.slice(n, n + length).join('_')) ?? []) found.add(family)
    n += Math.max(length - 1, 0)
  }
  return found
})

/** Whether both name techniques, and none in common. */
export function contradict(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size > 0 && b.size > 0 && a.isDisjointFrom(b)
}

/** Whether pictures of these techniques have no school: photographs, charts, maps, screenshots, icons. */
export const schoolless = (techniques: ReadonlySet<string>): boolean =>
  ['layout', 'screen', 'icon'].some((family) => techniques.has(family)) ||
  (techniques.size === 1 && techniques.has('photo'))

/** Flavors that name a school of art and nothing else. */
const SCHOOL =
  /^((high |early )?(baroque|rococo|renaissance|gothic|biedermeier)|dutch golden age|art deco era|ukiyo-e print|(photo|hyper)realism|(photo|hyper)realistic)$/i

/** Whether a term says to which school of art a picture belongs. */
export const ofASchool = ({ bank, term }: { bank: string; term: string }): boolean =>
  bank === 'movement' || SCHOOL.test(term)
