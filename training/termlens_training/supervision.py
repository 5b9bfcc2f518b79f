"""What training compares pictures with: label texts, captions, class names, a pool of phrases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from .banks import read_banks
from .data import KINDS, Row, read_artists, read_vocabulary
from .labels import training_forms, with_gloss
from .sentences import encode_cached


def class_names() -> list[str]:
    """The 1,000 ImageNet class names in the order of the network's outputs."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return list(_IMAGENET_CATEGORIES)


class Supervision:
    """Sentence vectors of every text used in training, and the targets of every picture."""

    def __init__(self, folder: Path, rows: list[Row], banks: Path):
        vocabulary, artists = read_vocabulary(folder), read_artists(folder)
        self.vocabulary = vocabulary
        forms = {k: [training_forms(k, t, artists, banks) for t in vocabulary[k]] for k in KINDS}
        names = class_names()
        phrases = [
            f
            for bank in read_banks(banks)
            for template in bank.templates
            for term, gloss in bank.terms
            for f in {template.replace("{}", term), with_gloss(template.replace("{}", term), gloss)}
        ]
        captions = [c for r in rows for c in r.captions]
        weak = [c for r in rows for c in r.weak_captions]
        texts = sorted({t for f in forms.values() for x in f for t in x} | {*names, *phrases, *captions, *weak})
        at = {t: i for i, t in enumerate(texts)}
        self.vectors = torch.from_numpy(encode_cached(texts))
        short = sorted({at[t] for f in forms.values() for x in f for t in x} | {at[p] for p in phrases})
        self.centre = self.vectors[short].mean(0)
        self.phrases = torch.tensor(short)
        self.names = torch.tensor([at[n] for n in names])
        self.forms = {}
        for kind in KINDS:
            width = max(len(x) for x in forms[kind])
            self.forms[kind] = torch.tensor([[at[x[i % len(x)]] for i in range(width)] for x in forms[kind]])
        self.targets = {}
        for kind in KINDS:
            index = {t: i for i, t in enumerate(vocabulary[kind])}
            self.targets[kind] = [[index[t] for t in r.labels[kind] if t in index] for r in rows]
        self.captions = [[at[c] for c in r.captions] for r in rows]
        self.weak = [[at[c] for c in r.weak_captions] for r in rows]

    def scored(self, kind: str) -> torch.Tensor:
        """Sentence vectors of the scored form of every label of a kind."""
        return self.vectors[self.forms[kind][:, 0]]

    def drawn(self, kind: str, generator: torch.Generator) -> torch.Tensor:
        """Sentence vectors of a random form of every label; the scored form half of the time."""
        forms = self.forms[kind]
        pick = torch.randint(forms.shape[1], (forms.shape[0],), generator=generator)
        pick *= torch.rand(forms.shape[0], generator=generator) < 0.5
        return self.vectors[forms[torch.arange(len(forms)), pick]]

    def matrix(self, kind: str, batch: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of `batch` that have a label of a kind, and their soft targets (sum 1)."""
        has = [j for j, i in enumerate(batch) if self.targets[kind][i]]
        y = torch.zeros(len(has), len(self.forms[kind]))
        for k, j in enumerate(has):
            y[k, self.targets[kind][batch[j]]] = 1.0 / len(self.targets[kind][batch[j]])
        return torch.tensor(has, dtype=torch.long), y


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
