"""What the text tower learns from: bank rows, labels and captions of training pictures, WordNet, compositions.

Held back, never trained on: every form of one bank term in 25, one WordNet synset in 40 and one
training caption in 20. No caption of another split than `train` is read.
"""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from places import SHARED, WORDNET

from termlens_training.banks import BANKS, read_banks
from termlens_training.data import KINDS, read_artists, read_rows, read_vocabulary
from termlens_training.labels import article, training_forms, with_gloss
from termlens_training.supervision import class_names


@dataclass
class Corpus:
    """Texts to train on by source, and texts held back by source."""

    train: dict[str, list[str]]
    held: dict[str, list[str]]


def _held(key: str, one_in: int) -> bool:
    return zlib.crc32(key.lower().encode()) % one_in == 0


def bank_rows(folder: Path) -> tuple[dict[str, list[str]], set[str], set[str]]:
    """Terms by bank (their row texts with and without gloss), texts of the held-back terms, all others'."""
    terms, train, held = {}, set(), set()
    for bank in read_banks(folder):
        for term, gloss in bank.terms:
            rows = [t.replace("{}", term) for t in bank.templates]
            forms = {f for r in rows for f in (r, with_gloss(r, gloss))}
            if _held(term, 25):
                held |= forms | {term}
            else:
                train |= forms
                terms.setdefault(bank.name, []).append(rows[0])
    return terms, train - held, held


def wordnet(folder: Path = WORDNET) -> tuple[list[str], list[str]]:
    """Lemmas, and `lemma: gloss`, of WordNet's nouns, adjectives and verbs; training and held back."""
    train, held = [], []
    for part in ("noun", "adj", "verb"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            head, _, gloss = line.partition(" | ")
            cells = head.split(" ")
            lemmas = [re.sub(r"\(\w+\)$", "", cells[4 + 2 * i]).replace("_", " ") for i in range(int(cells[3], 16))]
            gloss = gloss.split(";")[0].split(' "')[0].strip()
            texts = [*lemmas[:2], *([f"{lemmas[0]}: {gloss}"] if 0 < len(gloss) < 160 else [])]
            (held if _held(lemmas[0], 40) else train).extend(texts)
    return train, held


def composed(terms: dict[str, list[str]], captions: list[str], count: int, rng: random.Random) -> list[str]:
    """Prompts as they are composed: a caption or subject, then medium, artist, flavors … between commas."""
    draw = {k: v for k, v in terms.items() if v}
    out = []
    for _ in range(count):
        parts = [rng.choice(captions) if rng.random() < 0.6 else rng.choice(draw["subject"])]
        for bank, chance in (("medium", 0.8), ("artist", 0.6), ("trending", 0.4), ("movement", 0.6)):
            if rng.random() < chance:
                parts.append(rng.choice(draw[bank]))
        parts += rng.sample(draw["flavor"], rng.choice((0, 1, 1, 2, 2, 3, 4, 6, 10)))
        if rng.random() < 0.1:
            parts = rng.sample(draw["negative"], rng.randint(2, 10))
        out.append(", ".join(parts))
    return out


def read_corpus(data: Path = SHARED, banks: Path = BANKS, compositions: int = 12000) -> Corpus:
    """The whole corpus, deterministic."""
    rng = random.Random(0)
    terms, rows_train, held = bank_rows(banks)
    artists, vocabulary = read_artists(data), read_vocabulary(data)
    labels = {f for k in KINDS for t in vocabulary[k] for f in (*training_forms(k, t, artists, banks), article(t))}
    pictures = [r for r in read_rows(data) if r.split == "train"]
    captions = sorted({c for r in pictures for c in r.captions})
    weak = sorted({c for r in pictures for c in r.weak_captions})
    kept = [c for c in captions if not _held(c, 20)]
    lemmas, lemmas_held = wordnet()
    lemmas_held = sorted(set(lemmas_held) - rows_train - labels)
    held_all = held | set(lemmas_held)
    train = {
        "bank": sorted(rows_train),
        "label": sorted((labels | set(class_names())) - held_all - rows_train),
        "caption": [*kept, *weak],
        "wordnet": sorted(set(lemmas) - held_all),
        "composed": composed(terms, [*kept, *weak], compositions, rng),
    }
    held_captions = [c for c in captions if _held(c, 20)]
    return Corpus(train, {"bank": sorted(held), "wordnet": lemmas_held, "caption": held_captions})


if __name__ == "__main__":
    made = read_corpus()
    for split in (made.train, made.held):
        for name, texts in split.items():
            print(name, len(texts), random.Random(2).sample(texts, 4))
