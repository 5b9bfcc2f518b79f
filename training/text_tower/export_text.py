#!/usr/bin/env python3
"""Write the text tower's files from a checkpoint: `python export_text.py RUN`. Takes under a minute.

With no RUN, only the projection of the shipped tower is replaced by that of `text-projection.npz`: what to run when
the image tower was trained anew. Writes `text.ort.gz`, `text.json`, from a run `tokenizer.json`, and test fixtures.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from graph import folded, text_tower, to_ort
from places import MODEL
from record_fixtures import record
from student import Student
from tower import FILE, STAMP, TOKENIZER, Tower, session, shipped, write

from termlens_training.sentences import MiniLM
from termlens_training.shipped import TextTower

TEXTS = ["a photo of a dog", "by Claude Monet", "rim lighting: bright edge of light outlining the subject from behind"]


def load(run: Path) -> Student:
    """The student of a run's last checkpoint."""
    state = torch.load(run / "last.pt", weights_only=True)
    student = Student(MiniLM().w, json.loads((run / "pieces.json").read_text()), tuple(state["layers"]))
    student.load_state_dict(state["model"])
    return student.eval()


def find(model: bytes, part: bytes) -> int:
    """Where `part` stands, which must be in one place only."""
    at = model.find(part)
    if at < 0 or model.find(part, at + 1) >= 0:
        raise SystemExit("the projection is not in one place of the file")
    return at


def from_run(run: Path, folder: Path) -> None:
    """Export a checkpoint."""
    student = load(run)
    model = to_ort(text_tower(student, folder / "text-projection.npz"), run / "text.ort")
    matrix, bias = folded(folder / "text-projection.npz")
    where = {"weight": find(model, matrix.tobytes()), "bias": find(model, bias.tobytes())}
    shutil.copyfile(run / TOKENIZER, folder / TOKENIZER)
    write(folder, model, where)
    exact = session(text_tower(student, folder / "text-projection.npz", exact=True).SerializeToString())
    tower = Tower(folder / TOKENIZER, model)
    both = [
        float((tower.encode([t])[0] * exact.run(None, {"input_ids": np.array([tower.ids(t)])})[0][0]).sum())
        for t in TEXTS
    ]
    print("cosine with float32 products:", " ".join(f"{c:.5f}" for c in both))


def reproject(folder: Path) -> None:
    """Put the projection of `text-projection.npz` into the shipped tower."""
    model = bytearray(gzip.decompress((folder / FILE).read_bytes()))
    where = json.loads((folder / STAMP).read_text(encoding="utf-8"))["projection"]
    for name, values in zip(("weight", "bias"), folded(folder / "text-projection.npz"), strict=True):
        model[where[name] : where[name] + values.nbytes] = values.tobytes()
    write(folder, bytes(model), where)


def main() -> None:
    """Export and compare with the teacher."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("run", type=Path, nargs="?", help="folder of a training run")
    p.add_argument("--model", type=Path, default=MODEL, help="the model's folder")
    args = p.parse_args()
    began = time.time()
    from_run(args.run, args.model) if args.run else reproject(args.model)
    teacher = TextTower(args.model).encode(TEXTS).astype(np.float32)
    cosines = (shipped(args.model).encode(TEXTS) * teacher).sum(1)
    print("cosine with the teacher:", " ".join(f"{c:.4f}" for c in cosines))
    if cosines.min() < 0.8:
        raise SystemExit("the exported tower is not the teacher's student")
    stamp = json.loads((args.model / STAMP).read_text(encoding="utf-8"))
    if args.model == MODEL:
        record(shipped(), stamp["tower"]["digest"])
    print(stamp, f"{time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
