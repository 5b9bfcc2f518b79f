#!/usr/bin/env python3
"""Write the shipped files from a checkpoint: `python export.py RUN/best.pt --side 192`.

Makes `vision.ort`, `text-projection.npz` and `model.json` in the model's folder, and `vision.onnx`
beside the checkpoint. Run `embed_bank_texts.py` and `make_fixtures.py golden` afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from termlens_training.graph import image_tower, to_ort
from termlens_training.images import MEAN, STD
from termlens_training.labels import GLOSS
from termlens_training.model import DIM, SENTENCE, DualEncoder
from termlens_training.sentences import MiniLM
from termlens_training.shipped import MODEL
from termlens_training.supervision import class_names

LICENSE = "weights trained partly on research-only pictures: see docs/models.md"


def text_tower() -> dict:
    """The text tower that lies beside the image tower, if it does."""
    file = MODEL / "text.json"
    return {"tower": json.loads(file.read_text(encoding="utf-8"))["tower"]} if file.exists() else {}


def spec(digest: str, side: int, license_text: str) -> dict:
    """The ModelSpec of `model.json`."""
    return {
        "name": MODEL.name,
        "digest": digest,
        "embedding_size": DIM,
        "vision": {"file": "vision.ort", "format": "ort", "input": "pixel_values", "output": "image_embeds"},
        "image": {
            "size": side,
            "resize": "shortest",
            "interpolation": "bicubic",
            "crop": "center",
            "mean": [float(x) for x in MEAN.astype(np.float64).round(8)],
            "std": [float(x) for x in STD.astype(np.float64).round(8)],
        },
        "similarity": {"kind": "cosine"},
        "text": {"cache": "text-cache", "labels": "labels.json", "gloss": GLOSS, **text_tower()},
        "license": license_text,
        "card": "docs/models.md",
    }


def main() -> None:
    """Export one checkpoint and check the files against it."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("--side", type=int, default=192)
    p.add_argument("--out", type=Path, default=MODEL)
    p.add_argument("--license", default=LICENSE)
    args = p.parse_args()
    model = DualEncoder(torch.zeros(SENTENCE)).eval()
    model.load_state_dict(torch.load(args.checkpoint, weights_only=True)["model"])
    with torch.no_grad():
        names = model.text_head(torch.from_numpy(MiniLM().encode(class_names())))
    args.out.mkdir(parents=True, exist_ok=True)
    onnx_file, ort_file = args.checkpoint.parent / "vision.onnx", args.out / "vision.ort"
    made = image_tower(model, names, args.side)
    onnx_file.write_bytes(made.SerializeToString())
    to_ort(onnx_file, ort_file)
    np.savez(
        args.out / "text-projection.npz",
        centre=model.text_head.centre.numpy(),
        weight=model.text_head.linear.weight.detach().numpy(),
    )
    digest = hashlib.sha256(ort_file.read_bytes()).hexdigest()
    text = json.dumps(spec(digest, args.side, args.license), indent=2) + "\n"
    (args.out / "model.json").write_text(text, encoding="utf-8")

    import onnxruntime as ort

    x = torch.randn(3, 3, args.side, args.side)
    with torch.no_grad():
        expected = model.head(model.lite(x), names)
    for file in (onnx_file, ort_file):
        session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        got = torch.from_numpy(session.run(None, {"pixel_values": x.numpy()})[0])
        cosine = F.cosine_similarity(got, expected).min().item()
        print(f"{file} {file.stat().st_size / 2**20:.2f} MiB, least cosine with torch {cosine:.7f}")
        if cosine < 0.99999:
            raise SystemExit("the exported file differs from the model")
    print("digest", digest)


if __name__ == "__main__":
    main()
