#!/usr/bin/env python3
"""Encode all bank rows and data set labels into the model's committed text cache.

`python embed_bank_texts.py` after the banks changed. Every row text (template filled in) is there
plain and, where the term has a gloss, in the model's gloss form; so are the labels of the data
set's vocabulary in their scored form, the artists also plain, and the captions of the test data.
Sentence vectors are kept in the training cache, so new weights need only the projection again.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from termlens_training.banks import BANKS, read_banks
from termlens_training.data import CACHE, KINDS, read_artists, read_rows, read_vocabulary
from termlens_training.labels import article, label_text, with_gloss
from termlens_training.sentences import MiniLM
from termlens_training.shipped import MODEL, TextTower

ROOT = Path(__file__).parents[1]
FIXTURE = ROOT / "test" / "fixtures" / "dataset"


def bank_texts(folder: Path) -> set[str]:
    """Row texts of all banks, plain and with gloss."""
    texts = set()
    for bank in read_banks(folder):
        for template in bank.templates:
            for term, gloss in bank.terms:
                row = template.replace("{}", term)
                texts |= {row, with_gloss(row, gloss)}
    return texts


def label_texts(folder: Path) -> set[str]:
    """Texts of a data set's vocabulary: scored form and plain forms; and its captions' where given."""
    vocabulary, artists = read_vocabulary(folder), read_artists(folder)
    texts = set()
    for kind in KINDS:
        for label in vocabulary[kind]:
            texts |= {label, label_text(kind, label, artists)}
            texts |= {f"by {label}"} if kind == "artist" else set()
            texts |= {article(label)} if kind == "medium" else set()
    return texts


def _encode(texts: list[str]) -> np.ndarray:
    torch.set_num_threads(1)
    return MiniLM().encode(texts, batch=1)


def sentences(texts: list[str], fresh: bool) -> np.ndarray:
    """Sentence vectors, each text encoded alone; those of earlier runs from the training cache."""
    vectors_file, texts_file = CACHE / "alone.npy", CACHE / "alone.json"
    known: dict[str, np.ndarray] = {}
    if texts_file.exists() and not fresh:
        known = dict(zip(json.loads(texts_file.read_text()), np.load(vectors_file), strict=True))
    new = [t for t in texts if t not in known]
    if new:
        jobs = [new[i::2] for i in range(2)]
        with ProcessPoolExecutor(2) as pool:
            for part, vectors in zip(jobs, pool.map(_encode, jobs), strict=True):
                known.update(zip(part, vectors, strict=True))
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(vectors_file, np.stack(list(known.values())))
        texts_file.write_text(json.dumps(list(known)))
    print(len(new), "of", len(texts), "texts encoded anew")
    return np.stack([known[t] for t in texts])


def main() -> None:
    """Write `text-cache.txt` and `text-cache.bin`."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--banks", type=Path, default=BANKS)
    p.add_argument("--labels", type=Path, nargs="*", default=[FIXTURE], help="data sets whose labels go in")
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--fresh", action="store_true", help="encode every sentence again")
    args = p.parse_args()
    began = time.time()
    texts = bank_texts(args.banks)
    for folder in args.labels:
        texts |= label_texts(folder)
    if FIXTURE.exists():
        texts |= {c for r in read_rows(FIXTURE) for c in r.captions}
    texts = sorted(texts)
    if any("\n" in t or "\r" in t for t in texts):
        raise SystemExit("a text has a line break")
    digest = json.loads((args.model / "model.json").read_text(encoding="utf-8"))["digest"]
    stamp = args.model / "text-cache.json"
    rows = TextTower(args.model).project(sentences(texts, args.fresh))
    rows.tofile(args.model / "text-cache.bin")
    (args.model / "text-cache.txt").write_bytes(("\n".join(texts) + "\n").encode())
    stamp.write_text(json.dumps({"model": digest, "texts": len(texts), "size": 256, "dtype": "float16"}) + "\n")
    print(f"{len(texts)} texts, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
