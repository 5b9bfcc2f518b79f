#!/usr/bin/env python3
"""Average checkpoints that share a start: `python average.py OUT.pt 2.5 A.pt 0.5 B.pt 0.5`.

Wortsman et al., "Model soups" (2022). The number after the output multiplies the weight of the class
branch, which training leaves too small (log.md). Shipped: 2.5, half `heads.pt`, half `best.pt`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch


def main() -> None:
    """Write the weighted mean; the weights must sum to 1."""
    out, branch, *rest = sys.argv[1:]
    files, weights = rest[::2], [float(w) for w in rest[1::2]]
    if not files or len(files) != len(weights) or abs(sum(weights) - 1) > 1e-6:
        sys.exit(__doc__)
    models = [torch.load(f, weights_only=True)["model"] for f in files]
    mean = {k: sum(w * m[k] for w, m in zip(weights, models, strict=True)) for k in models[0]}
    mean["image_head.class_weight"] *= float(branch)
    made = " + ".join(f"{w} {Path(f).name}" for f, w in zip(files, weights, strict=True))
    torch.save({"model": mean, "settings": {"average": made, "class branch": branch}, "metrics": {}}, out)


if __name__ == "__main__":
    main()
