"""Reading a data set directory: rows, pixels, vocabulary. Layout: the data set's own README."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

CACHE = Path(os.environ.get("TERMLENS_TRAINING_CACHE", Path(__file__).parents[1] / ".cache"))
KINDS = ("medium", "subject", "movement", "artist")


@dataclass
class Row:
    """One picture: where it is and what is known about it. `labels` has the scored kinds only."""

    id: str
    split: str
    shard: str
    source: str
    restricted: bool
    synthetic: bool
    labels: dict[str, list[str]]
    captions: list[str] = field(default_factory=list)
    weak_captions: list[str] = field(default_factory=list)
    raw: dict = field(default_factory=dict)


def _row(d: dict) -> Row:
    labels = {
        "medium": [d["medium"]] if "medium" in d else [],
        "subject": list(dict.fromkeys([*d.get("subjects", []), *([d["scene"]] if "scene" in d else [])])),
        "movement": list(d.get("movement", [])),
        "artist": [d["artist"]] if "artist" in d else [],
    }
    weak = list(d.get("templated_captions", []))
    if "name" in d:
        weak.append(f"{d['name']} {d['medium']}" if "medium" in d else d["name"])
    return Row(
        d["id"],
        d["split"],
        d["shard"],
        d["source"],
        bool(d.get("restricted")),
        bool(d.get("synthetic")),
        labels,
        list(d.get("captions", [])),
        weak,
        d,
    )


def read_rows(folder: Path) -> list[Row]:
    """All rows of `photos.jsonl` and `art.jsonl`, in file order."""
    rows = []
    for name in ("photos.jsonl", "art.jsonl"):
        file = Path(folder) / name
        if file.exists():
            with file.open(encoding="utf-8") as f:
                rows += [_row(json.loads(line)) for line in f if line.strip()]
    return rows


def read_vocabulary(folder: Path) -> dict[str, list[str]]:
    """The labels of every kind that a ranking is against."""
    return json.loads((Path(folder) / "vocabulary.json").read_text(encoding="utf-8"))


def read_artists(folder: Path) -> dict[str, dict]:
    """`artists.json` by name; empty where the file is missing."""
    file = Path(folder) / "artists.json"
    if not file.exists():
        return {}
    return {a["name"]: a for a in json.loads(file.read_text(encoding="utf-8"))}


def open_pictures(folder: Path, rows: Iterable[Row]):
    """Yield the pictures of `rows` in order, as RGB images."""
    shards: dict[str, zipfile.ZipFile] = {}
    for row in rows:
        if row.shard not in shards:
            shards[row.shard] = zipfile.ZipFile(Path(folder) / row.shard)
        data = shards[row.shard].read(f"{row.id}.webp")
        yield Image.open(io.BytesIO(data)).convert("RGB")


class Pixels:
    """Decoded pictures of a list of rows, kept in one memory-mapped file in the cache."""

    def __init__(self, folder: Path, rows: list[Row]):
        key = hashlib.sha256("\n".join(r.id for r in rows).encode()).hexdigest()[:16]
        CACHE.mkdir(parents=True, exist_ok=True)
        blob, index = CACHE / f"pixels-{key}.bin", CACHE / f"pixels-{key}.npy"
        if not index.exists():
            sizes = []
            with blob.open("wb") as f:
                for image in open_pictures(folder, rows):
                    sizes.append(image.size)
                    f.write(image.tobytes())
            np.save(index, np.array(sizes, np.int64))
        self.sizes = np.load(index)
        self.ends = np.cumsum(self.sizes[:, 0] * self.sizes[:, 1] * 3)
        self.file = blob
        self.blob = np.memmap(blob, np.uint8, "r")

    def __getstate__(self):
        return {**self.__dict__, "blob": None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.blob = np.memmap(self.file, np.uint8, "r")

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, i: int) -> Image.Image:
        """Picture `i` as an RGB image."""
        w, h = (int(x) for x in self.sizes[i])
        end = int(self.ends[i])
        return Image.frombuffer("RGB", (w, h), self.blob[end - w * h * 3 : end].tobytes())
