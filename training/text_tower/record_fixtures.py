#!/usr/bin/env python3
"""Record what Python's tokenizer and onnxruntime answer: `test/fixtures/text/{tokens,embeddings}.json`.

`export_text.py` runs this for the shipped tower. The texts are fixed, so tokens change only with the vocabulary.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from places import MODEL, ROOT
from tower import STAMP, Tower, shipped

from termlens_training.banks import read_banks
from termlens_training.labels import with_gloss

FIXTURES = ROOT / "test" / "fixtures" / "text"
ODD = [
    "",
    " ",
    "\n\t",
    ".",
    "...",
    "a",
    "A",
    "#",
    "##ing",
    "[SEP]",
    "[CLS] dog [SEP]",
    "[MASK]",
    "[PAD][UNK]",
    "don't",
    "rock'n'roll",
    "café",
    "CAFÉ",
    "cafe\u0301",
    "naïve façade",
    "Übermensch",
    "straße",
    "STRASSE",
    "İstanbul",
    "ılık",
    "ŁÓDŹ",
    "Đặng Thị",
    "smørrebrød",
    "Åke Ångström",
    "Čapek",
    "œuvre Æsop",
    "ﬁne ﬂow",
    "Ǆ ǅ ǆ",
    "ΑΘΗΝΑ Σίσυφος",
    "Малевич",
    "ЙОД ё",
    "葛飾北斎",
    "水墨画 ink",
    "浮世絵prints",
    "ひらがな カタカナ",
    "한국어 그림",
    "עברית",
    "العربية",
    "हिन्दी चित्र",
    "ภาษาไทย",
    "🙂",
    "a 🙂 face 👨‍👩‍👧 family",
    "🇫🇷 flag",
    "½ ² ³ №",
    "①②③",
    "Ⅳ ⅷ",
    "ﬀ ſ",
    "50%",
    "$1,234.56",
    "#hashtag @mention",
    "e-mail: a.b@c.org",
    "https://example.org/a?b=c&d=e",
    "1girl",
    "6+girls",
    "long_hair_over_one_eye",
    "f/1.8",
    "35mm",
    "4k 8K HDR",
    "3d render",
    "16:9",
    "1880–1895",
    "1880-1895",
    "“quoted” ‘text’ «guillemets»",
    "em — dash",
    "zero\u200bwidth",
    "soft\u00adhyphen",
    "non\u00a0breaking\u3000spaces",
    "bell\u0007 and \u0000 null",
    "\ufeffbom",
    "replacement \ufffd char",
    "line\u2028separator",
    "tab\tand\r\nnewline",
    "x" * 100,
    "x" * 101,
    "x" * 300,
    "ab " * 200,
    "supercalifragilisticexpialidocious",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "qwrtpsdfghjklzxcvbnm",
    "(((masterpiece))), [low quality:0.5]",
    "<lora:name:0.8>",
    "{curly} | pipe \\ back / slash ~ ` ^ _ = +",
    "!@#$%^&*()",
    "a,b;c:d",
    "…",
    "·•‣",
    "€£¥₹",
    "∑∫√∞≈≠",
    "←↑→↓",
    "♠♣♥♦ ★☆",
    "a\u0300\u0301\u0302b",
    "q\u0323\u0307",
    "ÀÉÎÕÜ àéîõü",
    "MixedCASEWord",
    "UPPER lower Title",
]


def bank_texts(count: int, seed: int) -> list[str]:
    """Row texts of the banks, with and without gloss, and prompts of several."""
    rng = random.Random(seed)
    rows = [
        with_gloss(t.replace("{}", term), gloss if rng.random() < 0.5 else None)
        for bank in read_banks()
        for t in bank.templates
        for term, gloss in bank.terms
    ]
    singles = rng.sample(rows, count - count // 5)
    return [*singles, *(", ".join(rng.sample(rows, rng.randint(2, 12))) for _ in range(count // 5))]


def record(tower: Tower, digest: str, folder: Path = FIXTURES) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = [[t, tower.ids(t)] for t in [*ODD, *bank_texts(200 - len(ODD), 1)]]
    (folder / "tokens.json").write_text(_lines(tokens), encoding="utf-8")
    texts = ["", "a", "ab " * 200, "葛飾北斎, ukiyo-e", "CAFÉ at night", *bank_texts(45, 2)]
    rows = [[t, [round(float(x), 5) for x in v]] for t, v in zip(texts, tower.encode(texts), strict=True)]
    text = f'{{"digest": "{digest}", "embeddings": {_lines(rows).strip()}}}\n'
    (folder / "embeddings.json").write_text(text, encoding="utf-8")


def _lines(rows: list) -> str:
    return "[\n" + ",\n".join(json.dumps(r, ensure_ascii=True, separators=(",", ":")) for r in rows) + "\n]\n"


def main() -> None:
    """Record the shipped tower."""
    stamp = json.loads((MODEL / STAMP).read_text(encoding="utf-8"))
    record(shipped(), stamp["tower"]["digest"])


if __name__ == "__main__":
    main()
