"""The generated parts of the model card: tables of scores."""

from __future__ import annotations

import json

from .metrics import NAMES

# Chance, majority class and the frozen baseline, percent: README.md of the data set.
REFERENCE = {
    "medium_top1": (2, 42.1, 82.8), "medium_top3": (5, 57.9, 93.0),
    "subject_top1": (0.05, 3, 33.7), "subject_top5": (0.3, 11, 47.2),
    "movement_top1": (1, 11.1, 47.1), "movement_top3": (3, 25.2, 65.7),
    "artist_top1": (0.2, 2.0, 24.0), "artist_top10": (2, 15.1, 42.4),
    "caption_r1": (0.4, None, 28.1), "caption_r10": (4, None, 67.7),
}  # fmt: skip


def percent(x: float | None) -> str:
    """A share as percent with one decimal."""
    return "–" if x is None else f"{100 * x:.1f}"


def main_table(result: dict) -> str:
    """Metrics beside chance, majority and baseline."""
    lines = [
        "| validation, percent | chance | majority | baseline | **shipped** | 95 % interval | pictures |",
        "| --- " * 7 + "|",
    ]
    for name in NAMES:
        chance, majority, base = REFERENCE[name]
        low, high = result["intervals"][name]
        cells = [name.replace("_", " "), chance, "–" if majority is None else majority, base]
        cells += [f"**{percent(result['metrics'][name])}**", f"{percent(low)}–{percent(high)}", result["counts"][name]]
        lines.append("| " + " | ".join(str(c) for c in cells) + " |")
    return "\n".join(lines)


def subject_table(result: dict) -> str:
    """Subjects in parts."""
    lines = ["| subjects | top 1 | top 5 | pictures |", "| --- | --- | --- | --- |"]
    for part in ("without_imagenet", "seen", "unseen"):
        one, five = (result["subject_parts"][f"subject_top{n}_{part}"] for n in (1, 5))
        lines.append(
            f"| {part.replace('_', ' ')} | {percent(one['share'])} | {percent(five['share'])} | {one['count']} |"
        )
    return "\n".join(lines)


def source_table(result: dict, least: int = 15) -> str:
    """Sources with at least `least` scored pictures of a kind."""
    columns = ("medium_top1", "subject_top5", "movement_top3", "artist_top10", "caption_r10")
    lines = ["| source | " + " | ".join(c.replace("_", " ") for c in columns) + " |", "| --- " * 6 + "|"]
    for source, part in result["per_source"].items():
        if max(part["counts"][c] for c in columns) >= least:
            cells = [
                f"{percent(part['metrics'][c])} ({part['counts'][c]})" if part["counts"][c] else "–" for c in columns
            ]
            lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def fill(text: str, blocks: dict[str, str]) -> str:
    """Replace what stands between `<!-- NAME -->` and `<!-- /NAME -->` by each block."""
    for name, block in blocks.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = text.split(start)
        text = head + start + "\n" + block + "\n" + end + rest.split(end)[1]
    return text


def blocks(result: dict, files: dict[str, tuple[int, str]]) -> dict[str, str]:
    """All generated blocks; `files` are name to (bytes, sha256)."""
    rows = [f"| `{n}` | {b:,} | `{d}` |" for n, (b, d) in files.items()]
    table = "\n".join(["| file | bytes | sha256 |", "| --- | --- | --- |", *rows])
    return {
        "scores": main_table(result), "subjects": subject_table(result),
        "sources": source_table(result), "files": table,
    }  # fmt: skip


def load(text: str) -> dict:
    """The JSON that `evaluate.py --json` prints."""
    return json.loads(text)
