#!/usr/bin/env python3
"""Score the shipped text tower against the teacher: `python score_text.py [--data DIR]`.

On texts that were not trained on: mean cosine, and Spearman of the cosines of 5,000 pairs, drawn at random and drawn
among near neighbours (each text with one of its teacher's 20 nearest), in the shipped space of 256 numbers.
With `--data`, the metrics of `evaluate.py` with the teacher's text vectors and with the student's, on the same images.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from pathlib import Path

import numpy as np
from corpus import Corpus, read_corpus
from distil import spearman
from places import MODEL, SHARED
from tower import shipped

from termlens_training.data import KINDS, open_pictures, read_artists, read_rows, read_vocabulary
from termlens_training.labels import label_text
from termlens_training.metrics import NAMES, score
from termlens_training.shipped import ImageTower, TextTower


def near_pairs(vectors: np.ndarray, count: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Each of `count` random texts with one of its 20 nearest."""
    i = rng.integers(0, len(vectors), count)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -2)
    nearest = np.argpartition(-similar, 20, axis=1)[:, :20]
    return i, nearest[i, rng.integers(0, 20, count)]


def unseen(texts: list[str], corpus: Corpus) -> list[str]:
    """Those of `texts` whose term stands in no training text, not even inside one (labels and titles name artists)."""
    seen = "\n".join(t.lower() for source in corpus.train.values() for t in source)
    terms = {t: re.sub(r"^(by|inspired by|trending on|featured on) ", "", t).split(": ")[0].lower() for t in texts}
    return [t for t in texts if terms[t].removesuffix(" contest winner") not in seen]


def held_back(student, teacher, size: int) -> dict:
    """The comparison on held-back texts, by source and together."""
    rng = random.Random(7)
    corpus = read_corpus()
    groups = {k: rng.sample(v, min(size, len(v))) for k, v in corpus.held.items()}
    groups["bank, unseen"] = unseen(groups["bank"], corpus)
    ours = {k: student.encode(v) for k, v in groups.items()}
    theirs = {k: teacher.encode(v).astype(np.float32) for k, v in groups.items()}
    whole = [k for k in groups if k != "bank, unseen"]
    ours["all"], theirs["all"] = (np.concatenate([x[k] for k in whole]) for x in (ours, theirs))
    out = {}
    for name, a in ours.items():
        b = theirs[name]
        draw = np.random.default_rng(7)
        cosines = (a * b).sum(1) / np.linalg.norm(b, axis=1)
        i, j = draw.integers(0, len(a), (2, 5000))
        k, m = near_pairs(b, 5000, draw)
        out[name] = {
            "texts": len(a),
            "cosine": float(cosines.mean()),
            "cosine_p05": float(np.quantile(cosines, 0.05)),
            "spearman_random": spearman((a[i] * a[j]).sum(1), (b[i] * b[j]).sum(1)),
            "spearman_near": spearman((a[k] * a[m]).sum(1), (b[k] * b[m]).sum(1)),
        }
    return out


def retrieval(student, teacher, folder: Path, split: str, cache: Path | None) -> dict:
    """Metrics of `evaluate.py` by text encoder."""
    rows = [r for r in read_rows(folder) if r.split == split]
    digest = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))["digest"]
    file = cache / f"images-{digest[:16]}-{split}.npy" if cache else None
    if file and file.exists():
        images = np.load(file)
    else:
        tower = ImageTower(threads=1)
        images = np.stack([tower.encode(x) for x in open_pictures(folder, rows)])
        if file:
            np.save(file, images)
    vocabulary, artists = read_vocabulary(folder), read_artists(folder)
    captions = list(dict.fromkeys(c for r in rows for c in r.captions))
    out = {}
    for name, text in (("teacher", teacher), ("student", student)):
        labels = {k: text.encode([label_text(k, t, artists) for t in vocabulary[k]]).astype(np.float32) for k in KINDS}
        result = score(images, rows, vocabulary, labels, captions, text.encode(captions).astype(np.float32))
        out[name] = result["metrics"]
    return out


def main() -> None:
    """Print both tables."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, nargs="?", const=SHARED)
    p.add_argument("--split", default="val")
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--size", type=int, default=1500, help="held-back texts of each source")
    p.add_argument("--cache", type=Path, help="folder for image vectors")
    args = p.parse_args()
    student, teacher = shipped(args.model), TextTower(args.model)
    began = time.time()
    for name, r in held_back(student, teacher, args.size).items():
        print(f"{name:12}", " ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in r.items()))
    if args.data:
        by = retrieval(student, teacher, args.data, args.split, args.cache)
        for name in NAMES:
            a, b = (100 * by[k][name] for k in ("teacher", "student"))
            print(f"{name:16} teacher {a:5.1f}  student {b:5.1f}  {b - a:+.1f}")
    print(f"{time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
