"""The scores of the data set's README: shares from 0 to 1, None where nothing qualifies."""

from __future__ import annotations

import numpy as np

from .data import Row

RANKS = {"medium": (1, 3), "subject": (1, 5), "movement": (1, 3), "artist": (1, 10)}
NAMES = [f"{k}_top{n}" for k, ranks in RANKS.items() for n in ranks] + ["caption_r1", "caption_r10"]


def label_hits(images, rows: list[Row], kind: str, labels: list[str], vectors) -> dict[int, list[bool]]:
    """For every row with a label of the kind: hit or not at each of the kind's two ranks."""
    index = {t: i for i, t in enumerate(labels)}
    hits = {}
    for i, row in enumerate(rows):
        own = [index[t] for t in row.labels[kind] if t in index]
        if own:
            scores = vectors @ images[i]
            rank = int((scores > scores[own].max()).sum())
            hits[i] = [rank < n for n in RANKS[kind]]
    return hits


def caption_hits(images, rows: list[Row], texts: list[str], vectors) -> dict[int, list[bool]]:
    """For every row with captions: is one of its own among the first 1 and 10 of all of them."""
    at = {t: i for i, t in enumerate(texts)}
    hits = {}
    for i, row in enumerate(rows):
        if row.captions:
            scores = vectors @ images[i]
            rank = int((scores > scores[[at[c] for c in row.captions]].max()).sum())
            hits[i] = [rank < 1, rank < 10]
    return hits


def interval(values: np.ndarray, seed: int = 0, rounds: int = 1000) -> list[float]:
    """95 % bootstrap interval of a mean, resampling pictures."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(values), (rounds, len(values)))
    return [round(float(x), 4) for x in np.quantile(values[draws].mean(1), (0.025, 0.975))]


def score(images, rows, vocabulary, label_vectors, caption_texts=None, caption_vectors=None) -> dict:
    """All metrics with intervals and counts, overall and per source.

    `images` [n, 256] and `label_vectors[kind]` are unit vectors in the order of `rows` and
    `vocabulary[kind]`. Captions are scored where their texts and vectors are given.
    """
    hits = {}
    for kind in RANKS:
        found = label_hits(images, rows, kind, vocabulary[kind], label_vectors[kind])
        for k, n in enumerate(RANKS[kind]):
            hits[f"{kind}_top{n}"] = {i: h[k] for i, h in found.items()}
    found = caption_hits(images, rows, caption_texts, caption_vectors) if caption_texts else {}
    for k, n in enumerate((1, 10)):
        hits[f"caption_r{n}"] = {i: h[k] for i, h in found.items()}

    def table(keep) -> tuple[dict, dict, dict]:
        metrics, intervals, counts = {}, {}, {}
        for name in NAMES:
            values = np.array([h for i, h in hits[name].items() if keep(i)], float)
            counts[name] = len(values)
            metrics[name] = round(float(values.mean()), 4) if len(values) else None
            intervals[name] = interval(values) if len(values) else None
        return metrics, intervals, counts

    metrics, intervals, counts = table(lambda i: True)
    per_source = {}
    for source in sorted({r.source for r in rows}):
        m, _, c = table(lambda i, s=source: rows[i].source == s)
        per_source[source] = {"metrics": m, "counts": c}
    return {"metrics": metrics, "intervals": intervals, "per_source": per_source, "counts": counts, "hits": hits}
