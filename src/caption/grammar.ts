/** English noun phrases from bank terms: articles, plurals, mass nouns. Rules of thumb, tuned on the shipped subject bank. */

const set = (text: string) => new Set(text.trim().split(/\s+/))

const DETERMINED = /^(a|an|the|some|two|three|four|five|several|many|his|her|its|our|their|my|\d+)(?=\s|$)/i
/** What may follow the head noun: `glass of wine`, `dog catching a frisbee`. */
const PREPOSITION =
  /\s+(of|in|on|at|with|without|by|near|under|over|for|from|against|beside|behind|between|through|inside|across|around|and|above)\s/
/** Who does something, where a word in -ing follows: `woman dancing`, but not `ballroom dancing`. */
const DOERS =
  /^(?:[\w-]+ )?(man|woman|boy|girl|child|baby|couple|person|lady|grandmother|grandfather|monk|camper|soldier|cat|dog|horse|lion|tiger|fox|eagle|turtle|rooster|bird|bear|monkey|robot)(?=\s\w+ing(\s|$))/

/** Nouns that take no article in the singular. */
const MASS = set(`
  water rain snow fog mist smoke steam fire ice lightning sunlight moonlight grass sand soil mud moss ivy foliage vegetation lichen
  lavender coral algae seaweed kelp plankton krill hay pollen food seafood rice bread pasta fruit meat beef pork bacon toast popcorn
  cheese butter chocolate candy confectionery coffee tea wine beer milk juice lemonade cola sake whisky champagne matcha cream honey
  syrup jelly ketchup mustard salt flour oil dough yogurt granola oatmeal cereal congee caviar kimchi tofu hummus guacamole couscous
  curry risotto spaghetti macaroni ravioli gnocchi udon soba ramen sashimi sushi tempura okra kale basil rosemary parsley saffron
  furniture clothing jewelry jewellery underwear luggage pottery porcelain glassware cutlery tableware silverware machinery equipment
  armor armour infantry traffic graffiti calligraphy typography text lettering handwriting embroidery origami architecture art design
  music money produce wildlife nature space hair fur wood stone metal marble gold silver lace fabric cloth leather denim velvet silk
  wool yarn chalk paint paper tissue soap shampoo toothpaste thatch scaffolding bedding lighting litter rubbish garbage confetti
  football soccer baseball basketball volleyball tennis golf hockey rugby badminton archery gymnastics ballet yoga karate judo chess
  poultry livestock cattle bamboo corn wheat cotton broccoli spinach cabbage garlic lettuce celery asparagus ginger bacteria
  nightlife autumn summer winter DNA
`)
/** Compounds that count although their last word does not. */
const COUNTED = /\b(forest fire|rune stone|fire breathing dragon)$/
/** Things there is one of: `the moon`. */
const UNIQUE = set('earth moon sun ocean sea sky universe arctic horizon end')
/** Singular nouns in -ing; others in -ing are what people do (`surfing`), and take no article. */
const ING_NOUN =
  /^(\w*building|painting|drawing|engraving|etching|carving|wedding|ring|earring|king|\w*wing|spring|string|swing|sling|ceiling|crossing|landing|dumpling|duckling|gosling|sapling|seedling|pudding|awning|railing|clearing|evening|morning|sibling|starling|brambling|bunting|farthing|viking|meeting|gathering|parking|dwelling|stocking|icing|topping|viewing|being|thing|uprising)$/
const PLURAL =
  /^(people|children|men|women|\w+men|mice|geese|feet|teeth|oxen|dice|police|fungi|cacti|leaves|pajamas|pyjamas)$/
const SINGULAR_S =
  /(ss|us|is|ceratops|cyclops|\bgas|\bcanvas|\batlas|\blens|\bchristmas|\bseries|\bspecies|\bpancreas|\bcosmos|\bthermos|\brhinoceros|\bchaos)$/
/** Names that take an article: `the Eiffel Tower`. */
const NAMED_THE =
  /\b(tower|bridge|wall|palace|temple|canal|desert|river|ocean|sea|museum|opera house|memorial|monument|building|white house|city|army|gate|canyon|mahal|triomphe|familia|alps|matterhorn|milky way|colosseum|acropolis|parthenon|kremlin|louvre|statue of liberty|sphinx|virgin mary|hatter|moon|sun|earth)\b/i

/** `a` or `an`, by the sound that `phrase` begins with. */
export function article(phrase: string): 'a' | 'an' {
  if (/^([AEFHILMNORSX][A-Z]{1,4}|[aefhilmnorsxAEFHILMNORSX])(?![a-z])/.test(phrase)) return 'an'
  const word = phrase.toLowerCase()
  if (/^(hour(?!i)|hono|heir|8|11\b|18\b)/.test(word)) return 'an'
  if (/^(uni(?!n|m)|us[aeiu]|ut[ei]|eu|ewe|one\b|once|uku|urin|ur[aou]n|ufo|u\b)/.test(word)) return 'a'
  return /^[aeiouàáâäåæèéêëìíîïòóôöøœùúûü]/.test(word) ? 'an' : 'a'
}

/** `phrase` as it stands after "of": `dog` → `a dog`, `moon` → `the moon`; `mountains`, `snow` and `surfing` stay. */
export function withArticle(phrase: string): string {
  if (DETERMINED.test(phrase)) return phrase
  if (/^\w+ing (a|an|the|in|on|at|over|under|with|to)\b/.test(phrase)) return phrase
  if (DOERS.test(phrase)) return `${article(phrase)} ${phrase}`
  const [front, ...behind] = phrase.split(PREPOSITION)
  const acting = behind.length > 0 ? / (?=\w+ing( |$))/ : / (?=\w+ing )/
  const noun = front!.split(acting)[0]!
  const head = noun.split(/[\s-]+/).at(-1)!
  const lower = head.toLowerCase()
  if (MASS.has(head)) return COUNTED.test(phrase) ? `a ${phrase}` : phrase
  if (UNIQUE.has(head) && noun === head) return `the ${phrase}`
  if (head !== lower && !/^[A-Z]{2,4}$/.test(head)) return NAMED_THE.test(phrase) ? `the ${phrase}` : phrase
  if (PLURAL.test(lower)) return phrase
  if (head.endsWith('s') && !SINGULAR_S.test(head)) return phrase
  if (head.endsWith('ing') && !ING_NOUN.test(head)) return phrase
  return `${article(phrase)} ${phrase}`
}

/** `a`, `a and b`, `a, b and c`. */
export const list = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
