"""The training loss: softmax against all labels of a kind, captions both ways, soft classes."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F

from .data import KINDS
from .model import DualEncoder
from .supervision import Supervision

WEIGHTS = {"medium": 1.0, "subject": 1.5, "movement": 1.0, "artist": 1.0, "caption": 1.5, "class": 0.5, "geometry": 1.0}
CAPTION, CLASS = 4, 5


def soft_cross_entropy(logits, targets):
    """Cross-entropy with targets that are distributions."""
    return -(targets * logits.log_softmax(-1)).sum(-1).mean()


class Loss:
    """Loss of a batch; keeps the captions' queue of recent image vectors between batches."""

    def __init__(self, sup: Supervision, train: list[int], seed: int, negatives=2048, queue=4096):
        self.sup, self.rng = sup, random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.pool = [c for i in train for c in sup.captions[i] + sup.weak[i]]
        self.negatives, self.limit = negatives, queue
        self.queue = torch.zeros(0, 256)
        self.queue_text = torch.zeros(0, dtype=torch.long)

    def class_vectors(self, model: DualEncoder):
        """Text vectors of the 1,000 class names."""
        return model.text_head(self.sup.vectors[self.sup.names])

    def __call__(self, model: DualEncoder, z, class_vectors, batch: list[int], soft=None) -> dict[str, torch.Tensor]:
        """Parts of the loss, weighted, for unit image vectors `z` of rows `batch`."""
        sup, parts = self.sup, {}
        for k, kind in enumerate(KINDS):
            has, y = sup.matrix(kind, batch)
            if len(has):
                t = model.text_head(sup.drawn(kind, self.generator))
                loss = soft_cross_entropy(model.scale(k) * z[has] @ t.T, y)
                parts[kind] = WEIGHTS[kind] * loss * len(has) / len(batch)
        if soft is not None:
            logits = model.scale(CLASS) * z @ class_vectors.T
            parts["class"] = WEIGHTS["class"] * soft_cross_entropy(logits, soft)
        parts["caption"] = WEIGHTS["caption"] * self._captions(model, z, batch)
        pick = sup.phrases[torch.randint(len(sup.phrases), (256,), generator=self.generator)]
        raw = F.normalize(sup.vectors[pick] - sup.centre, dim=-1)
        mapped = model.text_head(sup.vectors[pick])
        parts["geometry"] = WEIGHTS["geometry"] * F.mse_loss(mapped @ mapped.T, raw @ raw.T) * 10
        return parts

    def _captions(self, model, z, batch):
        own = [(j, self.sup.captions[i] or self.sup.weak[i]) for j, i in enumerate(batch)]
        own = [(j, c) for j, c in own if c]
        if not own:
            return z.sum() * 0
        rows = torch.tensor([j for j, _ in own])
        mine = torch.tensor([self.rng.choice(c) for _, c in own])
        count = min(self.negatives, len(self.pool))
        texts = torch.unique(torch.cat([mine, torch.tensor(self.rng.sample(self.pool, count))]))
        t = model.text_head(self.sup.vectors[texts])
        at = {int(x): k for k, x in enumerate(texts)}
        y = torch.zeros(len(own), len(texts))
        for k, (_, captions) in enumerate(own):
            hits = [at[c] for c in captions if c in at]
            y[k, hits] = 1.0 / len(hits)
        scale, images = model.scale(CAPTION), z[rows]
        to_text = soft_cross_entropy(scale * images @ t.T, y)
        picked = t[[at[int(x)] for x in mine]]
        bank = torch.cat([images, self.queue])
        same = mine[:, None] == torch.cat([mine, self.queue_text])[None]
        y2 = same.float() / same.sum(1, keepdim=True)
        to_image = soft_cross_entropy(scale * picked @ bank.T, y2)
        self.queue = torch.cat([images.detach(), self.queue])[: self.limit]
        self.queue_text = torch.cat([mine, self.queue_text])[: self.limit]
        return 0.5 * (to_text + to_image) * len(own) / len(batch)
