/** Which techniques exclude each other: a photograph is not also an etching. */
import { words } from './words.ts'

/** Only nouns that leave no doubt; `digital art`, `illustration`, `mixed media` and the like go with everything. */
const FAMILIES: Record<string, string> = {
  photo:
    'photo photos photograph photographs photography selfie snapshot polaroid daguerreotype ambrotype tintype cyanotype dslr bokeh',
  painting:
    'painting paintings watercolor watercolors watercolour watercolours gouache fresco tempera acrylic impasto encaustic grisaille brushstrokes brushwork',
  drawing:
    'drawing drawings sketch sketches charcoal crayon pastel pastels pencil silverpoint doodle cartoon comic manga',
  print:
    'etching engraving woodcut woodcuts linocut lithograph lithography mezzotint aquatint drypoint screenprint risograph',
  render: 'render renders rendering cgi 3d octane voxel raytracing',
  sculpture: 'sculpture sculptures statue statues statuette figurine bust carving',
  textile: 'embroidery tapestry crochet quilt needlework knitting',
  vector: 'vector vectors clipart',
  layout: 'poster posters infographic blueprint',
  pixels: 'pixel pixels',
}
const FAMILY_OF = new Map(
  Object.entries(FAMILIES).flatMap(([family, nouns]) => nouns.split(' ').map((noun) => [noun, family] as const)),
)

/** The techniques that `text` names. */
export const mediaOf = (text: string): Set<string> => new Set(words(text).flatMap((word) => FAMILY_OF.get(word) ?? []))

/** Whether both name techniques, and none in common. */
export function contradict(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size > 0 && b.size > 0 && a.isDisjointFrom(b)
}
