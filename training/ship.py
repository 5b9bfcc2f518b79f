#!/usr/bin/env python3
"""Swap the shipped weights in one step: `python ship.py RUN/best.pt --data DIR`.

Exports the checkpoint, encodes the text cache, writes the golden vectors, scores the shipped files
and fills the tables of the model card. With `--card-only` just the last two.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

from termlens_training import card
from termlens_training.shipped import MODEL

HERE = Path(__file__).parent
CARD = HERE.parent / "docs" / "models.md"


def run(script: str, *arguments: str) -> str:
    """Run a script of this folder and return what it printed."""
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Do all steps in order."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoint", type=Path, nargs="?")
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--side", default="192")
    p.add_argument("--card-only", action="store_true")
    args = p.parse_args()
    if not args.card_only:
        print(run("export.py", str(args.checkpoint), "--side", args.side))
        print(run("embed_bank_texts.py"))
        print(run("make_fixtures.py", "golden"))
    scores = run("evaluate.py", "--data", str(args.data), "--split", "val", "--json")
    result = card.load(scores)
    files = {}
    for file in sorted(MODEL.iterdir()):
        if file.name != "text-cache.json":
            data = file.read_bytes()
            files[file.name] = (len(data), hashlib.sha256(data).hexdigest())
    CARD.write_text(card.fill(CARD.read_text(encoding="utf-8"), card.blocks(result, files)), encoding="utf-8")
    print(result["metrics"])


if __name__ == "__main__":
    main()
