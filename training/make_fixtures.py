#!/usr/bin/env python3
"""Choose and write the openly licensed pictures that the repository carries, and golden vectors.

`python make_fixtures.py calibration --data DIR` writes `assets/calibration/`, `dataset --data DIR`
writes `test/fixtures/dataset/`, `golden` writes `test/fixtures/model/golden.json` from the shipped
model. The choice is a function of the ids alone, so it is the same every time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from termlens_training.data import Row, read_rows
from termlens_training.shipped import ImageTower

ROOT = Path(__file__).parents[1]
CALIBRATION = ROOT / "assets" / "calibration"
DATASET = ROOT / "test" / "fixtures" / "dataset"
GOLDEN = ROOT / "test" / "fixtures" / "model" / "golden.json"
SKIPPED = ("SVG logos",)  # trademarks
CHARACTERS = {"snoopy", "garfield"}  # drawn characters inside an open collection
CAPTIONS = Path(__file__).with_name("fixture_captions.json")


def choose(rows: list[Row], count: int, caps: dict[str, int], synthetic: int, taken=frozenset()) -> list[Row]:
    """`count` open rows in hash order, with at most so many of a source, medium, artist, movement."""
    order = sorted(rows, key=lambda r: hashlib.sha256(r.id.encode()).hexdigest())
    seen, out, rendered = Counter(), [], 0
    for row in order:
        if row.restricted or row.source in SKIPPED or row.id in taken or "crop_of" in row.raw:
            continue
        if CHARACTERS & set(row.labels["subject"]):
            continue
        if row.synthetic and rendered >= synthetic:
            continue
        keys = [("source", row.source)]
        keys += [(kind, t) for kind in ("medium", "movement", "artist") for t in row.labels[kind]]
        if any(seen[k] >= caps[k[0]] for k in keys):
            continue
        seen.update(keys)
        rendered += row.synthetic
        out.append(row)
        if len(out) == count:
            break
    return out


def picture(folder: Path, row: Row) -> bytes:
    """The stored bytes of a row's picture."""
    with zipfile.ZipFile(folder / row.shard) as z:
        return z.read(f"{row.id}.webp")


def licences(rows: list[Row]) -> str:
    """A table of sources, counts and licences in Markdown."""
    counts = Counter((r.source, r.raw["license"]) for r in rows)
    lines = ["| source | pictures | licence as stated there |", "| --- | --- | --- |"]
    lines += [f"| {s} | {n} | {t} |" for (s, t), n in sorted(counts.items())]
    return "\n".join(lines)


def write_lines(file: Path, rows: list[dict]) -> None:
    """One JSON object a line."""
    file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def calibration(data: Path) -> None:
    """About 200 open training pictures, as files."""
    rows = [r for r in read_rows(data) if r.split == "train"]
    chosen = choose(rows, 200, {"source": 22, "medium": 26, "movement": 4, "artist": 1}, 6)
    chosen.sort(key=lambda r: r.id)
    shutil.rmtree(CALIBRATION, ignore_errors=True)
    CALIBRATION.mkdir(parents=True)
    for row in chosen:
        (CALIBRATION / f"{row.id}.webp").write_bytes(picture(data, row))
    write_lines(CALIBRATION / "calibration.jsonl", [{k: v for k, v in r.raw.items() if k != "shard"} for r in chosen])
    (CALIBRATION / "README.md").write_text(
        f"""# Calibration pictures

{len(chosen)} openly licensed pictures of many media, subjects and sources, all from the training split of
the data set. They calibrate terms (hubs, evidence) when an index is built; no score is taken on them,
since the model was trained with them. `calibration.jsonl` has one object a picture: the fields of the
data set's rows, with source and licence. Written by `training/make_fixtures.py calibration`.

Each picture stays under its own licence. "Public domain work" is a faithful reproduction of a
two-dimensional work in the public domain. CC BY, CC BY-SA, GPL and GFDL pictures are credited to the
authors named in the package or repository of their source.

{licences(chosen)}
""",
        encoding="utf-8",
    )
    print(len(chosen), "calibration pictures", sum(f.stat().st_size for f in CALIBRATION.iterdir()), "bytes")


def dataset(data: Path) -> None:
    """About 50 open pictures in the layout of the data set."""
    used = {json.loads(x)["id"] for x in (CALIBRATION / "calibration.jsonl").open(encoding="utf-8")}
    rows = read_rows(data)
    caps = {"source": 3, "medium": 8, "movement": 3, "artist": 1}
    wanted = []
    for split, photos, art in (("train", 12, 8), ("val", 18, 12)):
        part = [r for r in rows if r.split == split]
        wanted += choose([r for r in part if not r.id.startswith("art-")], photos, caps, 2, used)
        wanted += choose([r for r in part if r.id.startswith("art-") and r.labels["artist"]], art, caps, 0, used)
    own = json.loads(CAPTIONS.read_text(encoding="utf-8")) if CAPTIONS.exists() else {}
    shutil.rmtree(DATASET, ignore_errors=True)
    DATASET.mkdir(parents=True)
    for name in ("photos", "art"):
        part = [r for r in wanted if r.id.startswith("art-") == (name == "art")]
        objects = []
        with zipfile.ZipFile(DATASET / f"{name}-000.zip", "w", zipfile.ZIP_STORED) as z:
            for row in part:
                z.writestr(zipfile.ZipInfo(f"{row.id}.webp", (2000, 1, 1, 0, 0, 0)), picture(data, row))
                extra = {"captions": own[row.id]} if row.id in own else {}
                objects.append({**row.raw, "shard": f"{name}-000.zip", **extra})
        write_lines(DATASET / f"{name}.jsonl", objects)
    for name in ("vocabulary.json", "artists.json"):
        shutil.copy(data / name, DATASET / name)
        (DATASET / name).chmod(0o644)
    (DATASET / "README.md").write_text(
        f"""# A small data set in the layout of the large one

{len(wanted)} openly licensed pictures ({sum(r.split == "val" for r in wanted)} of them `val`) so that tests of
`evaluate` run without the shared data set: stored zips of WebP pictures, `photos.jsonl`, `art.jsonl`,
`vocabulary.json` and `artists.json` (the last two whole). No score on it says anything about the model.
All human captions of the large set belong to restricted pictures; the few `captions` here
({len(own)} pictures) were written for this project, under its licence.
Written by `training/make_fixtures.py dataset`.

Each picture stays under its own licence; a work in the public domain is a faithful reproduction.

{licences(wanted)}
""",
        encoding="utf-8",
    )
    print(len(wanted), "pictures", sum(f.stat().st_size for f in DATASET.iterdir()), "bytes")


def golden() -> None:
    """Reference vectors of five calibration pictures by the shipped image tower."""
    tower = ImageTower()
    names = sorted(f.name for f in CALIBRATION.glob("*.webp"))
    names = names[:: len(names) // 5][:5]
    vectors = {}
    for name in names:
        vector = tower.encode(Image.open(CALIBRATION / name).convert("RGB"))
        vectors[name] = [float(np.float32(x)) for x in vector]
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    made = {
        "model": tower.spec["name"],
        "digest": tower.spec["digest"],
        "folder": "assets/calibration",
        "embeddings": vectors,
    }
    GOLDEN.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print("golden", names)


def main() -> None:
    """Run one of the three."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", choices=("calibration", "dataset", "golden"))
    p.add_argument("--data", type=Path)
    args = p.parse_args()
    if args.what == "golden":
        golden()
    else:
        {"calibration": calibration, "dataset": dataset}[args.what](args.data)


if __name__ == "__main__":
    main()
