#!/usr/bin/env python3
"""Encode all bank rows and data set labels into the model's committed text cache.

`python embed_bank_texts.py` after the banks changed. Every row text (template filled in) is there
plain and, where the term has a gloss, in the model's gloss form; so are the labels of the data
set's vocabulary in their scored form, the artists also plain, and the captions of the test data.
Texts that the old cache has under the same model are kept as they are.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from termlens_training.banks import BANKS, read_banks
from termlens_training.data import KINDS, read_artists, read_rows, read_vocabulary
from termlens_training.labels import article, label_text, with_gloss
from termlens_training.shipped import MODEL, TextTower, read_text_cache

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


def _encode(job: tuple[Path, list[str]]) -> np.ndarray:
    return TextTower(job[0]).encode(job[1])


def main() -> None:
    """Write `text-cache.txt` and `text-cache.bin`."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--banks", type=Path, default=BANKS)
    p.add_argument("--labels", type=Path, nargs="*", default=[FIXTURE], help="data sets whose labels go in")
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--fresh", action="store_true", help="encode everything, reuse nothing")
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
    old = {}
    if not args.fresh and stamp.exists() and json.loads(stamp.read_text())["model"] == digest:
        old = read_text_cache(args.model)
    new = [t for t in texts if t not in old]
    jobs = [(args.model, new[i::2]) for i in range(2)]
    with ProcessPoolExecutor(2) as pool:
        halves = list(pool.map(_encode, jobs))
    rows = {t: v.astype("<f2") for t, v in old.items()}
    for (_, part), vectors in zip(jobs, halves, strict=True):
        rows.update(zip(part, vectors, strict=True))
    np.stack([rows[t] for t in texts]).astype("<f2").tofile(args.model / "text-cache.bin")
    (args.model / "text-cache.txt").write_bytes(("\n".join(texts) + "\n").encode())
    stamp.write_text(json.dumps({"model": digest, "texts": len(texts), "size": 256, "dtype": "float16"}) + "\n")
    print(f"{len(texts)} texts, {len(new)} encoded, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
