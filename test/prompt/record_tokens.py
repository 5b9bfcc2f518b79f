"""Records test/prompt/fixtures/clip-tokens.json: what open_clip's SimpleTokenizer makes of a few hundred texts.

python -m venv venv && venv/bin/pip install open_clip_torch==3.3.0 --no-deps && venv/bin/pip install regex ftfy numpy
venv/bin/python test/prompt/record_tokens.py      (from the repository root; torch is not needed)
"""

import importlib.util
import json
import pathlib
import random
import sys
import types

torch = types.ModuleType("torch")
torch.LongTensor = torch.Tensor = object
sys.modules["torch"] = torch
package = pathlib.Path(importlib.util.find_spec("open_clip").origin).parent
spec = importlib.util.spec_from_file_location("clip_tokenizer", package / "tokenizer.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
tokenizer = module.SimpleTokenizer()

draw = random.Random(7)
terms = []
for bank in sorted(pathlib.Path("assets/banks").glob("*.txt")):
    lines = [line.split("|") for line in bank.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    terms += draw.sample([line[0].strip() for line in lines], min(40, len(lines)))
    terms += draw.sample([line[2].strip() for line in lines if len(line) > 2 and line[2].strip()], 12)
prompts = [", ".join(draw.sample(terms, draw.randint(2, 40))) for _ in range(30)]
awkward = """\
cat|CAT|Cat's cradle|they're, we've, I'm, he'll, she'd, it's|don't|8k|8 k|4k resolution|f/1.8|1/1000s|1920x1080|24-70mm
a photo of a cat, by Claude Monet|trending on artstation|#midjourney|--ar 16:9 --v 5|(best quality:1.3), [blurry]|<lora:foo:1>
rock'n'roll|O'Keeffe|Antonín Dvořák|Hokusai 葛飾北斎|水彩画|油画，印象派|アニメ|ｆｕｌｌｗｉｄｔｈ　ｔｅｘｔ！|ｱﾆﾒ|한국화|Малевич|Ελληνικός ΣΟΦΟΣ|हिन्दी चित्र|لوحة زيتية|ภาพวาด|Ünïcödé
a ﬁne ﬂower, ǆ ĳ ŉ|“curly” ‘quotes’ ‛and‟|em—dash – en|ellipsis…|café|cafe\u0301|ÅNGSTRÖM|İstanbul|STRASSE ẞ|½ ² Ⅻ ①|€100 £5|™©®|100%|C++|c#|node.js
😀|👨‍👩‍👧|🇯🇵 flag|☔️ rain|a\tb\nc\r\nd|\u00a0nbsp\u00a0|zero\u200bwidth|\ufeffbom|bell\x07x|\x1b[31mred\x1b[0m|\x0bvertical|\x1cseparator|a\x85b|\x93smart\x94|\u206aodd
Tom &amp; Jerry|&lt;b&gt;bold&lt;/b&gt;|&amp;amp;|&quot;x&quot;|&#39;s|&#x27;t|rock &amp roll|AT&T|R&B|&nbsp;|&eacute;tude|&copy; 2020|&#8217;s|fish & chips|&unknown;
<|startoftext|>|<start_of_text>|x <end_of_text> y|<END_OF_TEXT>|</w>|a</w>|!!!|?!?!|...|,,, ,|term,|,term|c++, x|"quoted", next|:)|(((deep)))|[a|b]|\\(escaped\\)|a_b_c|snake_case|x^2|~tilde~|`code`
  leading and trailing  |supercalifragilisticexpialidocious|llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|1234567890|3.14159|2024-01-01|https://example.com/a?b=c|user@example.com
ſ 'ſ|'S|'LL|it ’s|naïve|jalapeño|smörgåsbord|Þórr|œuvre|Æsir|ﬃ|Ǆ|\u1100\u1161|\ud55c|𝒥ohn|𝟘𝟙|Å|ｶﾞ|～|￥|,|.|'|"|-|!|0|a|é|字|""".replace(
    "\n", "|"
)
awkward = [
    text.encode("raw_unicode_escape").decode("unicode_escape") if "\\" in text and "\\(" not in text else text
    for text in awkward.split("|")
]
alphabet = "abcdefghijklmnopqrstuvwxyz    ,.'-0123456789éüñç日本語ЖЯ😀&;()"
noise = ["".join(draw.choice(alphabet) for _ in range(draw.randint(1, 60))) for _ in range(60)]
cats = [", ".join(["cat"] * n) for n in (1, 37, 38, 39, 80)] + [" ".join(["cat"] * n) for n in (74, 75, 76)]

texts = list(dict.fromkeys(terms + prompts + awkward + noise + cats))
rows = [{"text": text, "ids": tokenizer.encode(text)} for text in texts]
target = pathlib.Path("test/prompt/fixtures/clip-tokens.json")
target.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n", "utf-8")
print(f"{len(rows)} texts")
