#!/usr/bin/env python3
"""Draw `docs/gallery.webp`: 60 freely licensed validation pictures with their prompts, to be looked at.

`python gallery.py --data DIR` runs the command line on them in three modes, writes the sheet and
`docs/gallery.md` (where each picture comes from), and prints how varied the prompts are.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tempfile
import textwrap
import zipfile
from itertools import zip_longest
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from termlens_training.data import Row, read_rows

ROOT = Path(__file__).parents[1]
MODES = ("fast", "classic", "best")
COLUMNS, WIDTH, HEIGHT, THUMB = 4, 420, 330, 150


def choose(rows: list[Row], count: int) -> list[Row]:
    """Open validation pictures, one source after another, in the order of their ids."""
    sources: dict[str, list[Row]] = {}
    for row in sorted((r for r in rows if r.split == "val" and not r.restricted), key=lambda r: r.id):
        sources.setdefault(row.source, []).append(row)
    turns = zip_longest(*(sources[name] for name in sorted(sources)))
    return [row for turn in turns for row in turn if row][:count]


def ask(folder: Path, mode: str) -> dict[str, dict]:
    """The answers of the command line for all pictures of a folder, by file name."""
    command = [
        ROOT / "node_modules/.bin/node",
        ROOT / "index-build/bin.js",
        "interrogate",
        "--json",
        "--mode",
        mode,
        folder,
    ]
    lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return {Path(answer["file"]).stem: answer for answer in map(json.loads, lines)}


def draw(rows: list[Row], pictures: dict[str, bytes], answers: dict[str, dict[str, dict]]) -> Image.Image:
    """The contact sheet."""
    font = ImageFont.load_default(12)
    sheet = Image.new("RGB", (COLUMNS * WIDTH, -(-len(rows) // COLUMNS) * HEIGHT), "white")
    pen = ImageDraw.Draw(sheet)
    for i, row in enumerate(rows):
        x, y = i % COLUMNS * WIDTH + 6, i // COLUMNS * HEIGHT + 6
        picture = Image.open(io.BytesIO(pictures[row.id])).convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        thumb = Image.alpha_composite(white, picture).convert("RGB")
        thumb.thumbnail((THUMB, THUMB))
        sheet.paste(thumb, (x, y))
        pen.multiline_text((x + THUMB + 8, y), "\n".join(textwrap.wrap(f"{row.id}: {row.source}", 38)), "gray", font)
        lines = [line for mode in MODES for line in textwrap.wrap(f"{mode}: {answers[mode][row.id]['prompt']}", 66)]
        pen.multiline_text((x, y + THUMB + 6), "\n".join(lines[:11]), "black", font)
    return sheet


def main() -> None:
    """Choose, ask, draw, count."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--count", type=int, default=60)
    args = p.parse_args()
    rows = choose(read_rows(args.data), args.count)
    zips = {row.shard: zipfile.ZipFile(args.data / row.shard) for row in rows}
    pictures = {row.id: zips[row.shard].read(f"{row.id}.webp") for row in rows}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, data in pictures.items():
            (folder / f"{key}.webp").write_bytes(data)
        answers = {mode: ask(folder, mode) for mode in MODES}
    draw(rows, pictures, answers).save(ROOT / "docs" / "gallery.webp", quality=70, method=6)
    table = "\n".join(f"| {r.id} | {r.source} | {r.raw['license']} |" for r in rows)
    (ROOT / "docs" / "gallery.md").write_text(
        "# Gallery\n\nPrompts of the embedded model for validation pictures that it was not trained on, chosen by rule"
        " and not by result. Made by `training/gallery.py`.\n\n"
        "![60 pictures, each with its prompts in three modes](gallery.webp)\n\n"
        f"| picture | source | licence |\n| --- | --- | --- |\n{table}\n",
        encoding="utf-8",
    )
    for mode in MODES:
        named = [t["term"] for a in answers[mode].values() for terms in a["terms"].values() for t in terms]
        share = len(set(named)) / max(1, len(named))
        print(f"{mode}: {len(named)} terms in {len(rows)} prompts, {len(set(named))} distinct ({share:.0%})")


if __name__ == "__main__":
    main()
