#!/usr/bin/env python3
"""Score the shipped files on a data set: `python evaluate.py --data DIR [--split NAME] [--json]`.

Metrics as the data set's README defines them; shares from 0 to 1, `null` where no picture
qualifies. Without `--split` every row that is not `train` is scored.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from termlens_training.data import KINDS, open_pictures, read_artists, read_rows, read_vocabulary
from termlens_training.labels import label_text
from termlens_training.metrics import NAMES, score
from termlens_training.shipped import MODEL, ImageTower, TextTower


def subject_parts(rows, train, hits) -> dict:
    """Subjects without the ImageNet source, and by whether a label was seen in training."""
    seen = {t for r in train for t in r.labels["subject"]}
    parts = {
        "without_imagenet": lambda r: not r.source.startswith("ImageNet"),
        "seen": lambda r: any(t in seen for t in r.labels["subject"]),
        "unseen": lambda r: all(t not in seen for t in r.labels["subject"]),
    }
    out = {}
    for name, keep in parts.items():
        for metric in ("subject_top1", "subject_top5"):
            values = [h for i, h in hits[metric].items() if keep(rows[i])]
            out[f"{metric}_{name}"] = {
                "share": round(float(np.mean(values)), 4) if values else None,
                "count": len(values),
            }
    return out


def main() -> None:
    """Encode, rank, print."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--split")
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    everything = read_rows(args.data)
    rows = [r for r in everything if (r.split == args.split if args.split else r.split != "train")]
    if not rows:
        sys.exit(f"no rows of split {args.split or 'other than train'} in {args.data}")
    tower, text = ImageTower(args.model), TextTower(args.model)
    images = np.stack([tower.encode(x) for x in open_pictures(args.data, rows)])
    vocabulary, artists = read_vocabulary(args.data), read_artists(args.data)
    vectors = {k: text.encode([label_text(k, t, artists) for t in vocabulary[k]]).astype(np.float32) for k in KINDS}
    captions = list(dict.fromkeys(c for r in rows for c in r.captions))
    result = score(images, rows, vocabulary, vectors, captions, text.encode(captions).astype(np.float32))
    hits = result.pop("hits")
    train = [r for r in everything if r.split == "train"]
    result["subject_parts"] = subject_parts(rows, train, hits)
    if args.json:
        print(json.dumps(result))
        return
    for name in NAMES:
        m, i, n = (result[k][name] for k in ("metrics", "intervals", "counts"))
        print(f"{name:16} {100 * m:5.1f} % ({100 * i[0]:.1f}-{100 * i[1]:.1f}), n={n}" if n else f"{name:16} -")
    for name, part in result["subject_parts"].items():
        print(f"{name:32} {part}")


if __name__ == "__main__":
    main()
