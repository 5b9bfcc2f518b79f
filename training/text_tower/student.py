"""The student: some of the teacher's layers over a pruned vocabulary, with weights on a coarse grid.

Every matrix holds small integers times one factor per output (per piece for the embeddings), learned with the
rounding in place, so that what is exported is what was trained. Few distinct integers compress well: that is where
the file's size comes from.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

HEADS, WIDTH, EPS, MAX_TOKENS = 12, 384, 1e-12, 128
LAYERS = (0, 1, 3, 4, 5)
LEVELS = 9
COMMON, COMMON_LEVELS, RARE_LEVELS = 8192, 3, 2


def grid(w: torch.Tensor, scale: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """`w` rounded to integers from -levels to levels times `scale` (per row); gradients pass through the rounding."""
    x = w / scale
    x = x + (x.round() - x).detach()
    return x.maximum(-levels).minimum(levels) * scale


def first_scale(w: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """The factor per row, of a few tried, that rounds with the least squared error."""
    top = w.abs().amax(-1, keepdim=True).clamp(min=1e-6) / levels
    best, error = top, torch.full_like(top, torch.inf)
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
        e = ((grid(w, top * share, levels) - w) ** 2).sum(-1, keepdim=True)
        best, error = torch.where(e < error, top * share, best), torch.minimum(e, error)
    return best


class Grid(nn.Module):
    """A matrix on the grid, with its learned factors; `levels` [rows, 1] are the greatest integers."""

    def __init__(self, w: torch.Tensor, levels: torch.Tensor):
        super().__init__()
        self.register_buffer("levels", levels.float())
        self.weight = nn.Parameter(w.clone())
        self.scale = nn.Parameter(first_scale(w, self.levels).log())

    def forward(self, rows: torch.Tensor | None = None) -> torch.Tensor:
        """The matrix, or some of its rows."""
        if rows is None:
            return grid(self.weight, self.scale.exp(), self.levels)
        weight, scale, levels = (F.embedding(rows, x) for x in (self.weight, self.scale, self.levels))
        return grid(weight, scale.exp(), levels)

    @torch.no_grad()
    def integers(self) -> tuple[torch.Tensor, torch.Tensor]:
        """int8 values and float factors [rows]."""
        scale = self.scale.exp()
        return (self.weight / scale).round().maximum(-self.levels).minimum(self.levels).to(torch.int8), scale[:, 0]


class Linear(nn.Module):
    """A linear layer on the grid."""

    def __init__(self, w: torch.Tensor, b: torch.Tensor):
        super().__init__()
        self.grid, self.bias = Grid(w, torch.full((len(w), 1), LEVELS)), nn.Parameter(b.clone())

    def forward(self, x):
        """[n, t, in] to [n, t, out]."""
        return F.linear(x, self.grid(), self.bias)


class Layer(nn.Module):
    """One transformer layer, as in BERT; query, key and value in one matrix."""

    def __init__(self, w: dict[str, torch.Tensor], p: str):
        super().__init__()
        qkv = [p + f"attention.self.{n}." for n in ("query", "key", "value")]
        self.qkv = Linear(torch.cat([w[n + "weight"] for n in qkv]), torch.cat([w[n + "bias"] for n in qkv]))
        self.out = Linear(w[p + "attention.output.dense.weight"], w[p + "attention.output.dense.bias"])
        self.up = Linear(w[p + "intermediate.dense.weight"], w[p + "intermediate.dense.bias"])
        self.down = Linear(w[p + "output.dense.weight"], w[p + "output.dense.bias"])
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, EPS), nn.LayerNorm(WIDTH, EPS)
        for norm, name in ((self.norm1, "attention.output.LayerNorm."), (self.norm2, "output.LayerNorm.")):
            norm.weight.data.copy_(w[p + name + "weight"])
            norm.bias.data.copy_(w[p + name + "bias"])

    def forward(self, x):
        """[n, t, WIDTH] to the same."""
        n, t, _ = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, WIDTH)
        x = self.norm1(x + self.out(y))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Student(nn.Module):
    """Token ids [n, t] of equally long texts to their layers' states; `pool` gives sentence vectors."""

    def __init__(self, w: dict[str, torch.Tensor], pieces: list[int], layers: tuple[int, ...] = LAYERS):
        super().__init__()
        e = "embeddings."
        words = w[e + "word_embeddings.weight"][pieces]
        # Pieces stand in the teacher's order, common ones first.
        common = (torch.arange(len(words)) < COMMON)[:, None]
        self.words = Grid(words, torch.where(common, COMMON_LEVELS, RARE_LEVELS))
        places = w[e + "position_embeddings.weight"][:MAX_TOKENS] + w[e + "token_type_embeddings.weight"][0]
        self.places = nn.Parameter(places.clone())
        self.norm = nn.LayerNorm(WIDTH, EPS)
        self.norm.weight.data.copy_(w[e + "LayerNorm.weight"])
        self.norm.bias.data.copy_(w[e + "LayerNorm.bias"])
        self.layers = nn.ModuleList(Layer(w, f"encoder.layer.{i}.") for i in layers)

    def states(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """The states after every layer."""
        x = self.norm(self.words(ids) + self.places[: ids.shape[1]])
        out = []
        for layer in self.layers:
            x = layer(x)
            out.append(x)
        return out

    def forward(self, ids):
        """Sentence vectors [n, WIDTH], mean-pooled, not normalised."""
        return self.states(ids)[-1].float().mean(1)
