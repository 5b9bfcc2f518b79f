#!/usr/bin/env python3
"""Write `labels.json`: how many training pictures each label had.

The index build reads it as the model's evidence for a term. `python label_counts.py --data DIR`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from termlens_training.data import KINDS, read_rows
from termlens_training.shipped import MODEL


def main() -> None:
    """Count the labels of the rows that are `train`."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--model", type=Path, default=MODEL)
    args = p.parse_args()
    counts = {kind: Counter() for kind in KINDS}
    for row in read_rows(args.data):
        if row.split == "train":
            for kind in KINDS:
                counts[kind].update(set(row.labels[kind]))
    text = json.dumps({k: dict(sorted(c.items())) for k, c in counts.items()}, ensure_ascii=False, indent=1)
    (args.model / "labels.json").write_text(text + "\n", encoding="utf-8")
    print({kind: len(c) for kind, c in counts.items()})


if __name__ == "__main__":
    main()
