"""The dual encoder: an EfficientNet-Lite0 image tower and a linear text head, 256 numbers each."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .lite import published

DIM, HIDDEN, SENTENCE = 256, 512, 384


class TextHead(nn.Module):
    """Sentence vectors [n, 384] to unit vectors [n, 256]: centre, one linear layer, normalise."""

    def __init__(self, centre: torch.Tensor):
        super().__init__()
        self.register_buffer("centre", centre.clone())
        self.linear = nn.Linear(SENTENCE, DIM, bias=False)
        nn.init.orthogonal_(self.linear.weight)

    def forward(self, x):
        """Unit text vectors."""
        return F.normalize(self.linear(x - self.centre), dim=-1)


class ImageHead(nn.Module):
    """Features [n, 1280] to unit vectors: two layers, a linear skip, and the class branch.

    The class branch adds the network's own 1,000 ImageNet probabilities times the text vectors of
    the class names, so that the model keeps what it knew about objects it was never shown here.
    """

    def __init__(self, width: int = 1280, dropout: float = 0.3):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, DIM)
        self.skip = nn.Linear(width, DIM, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.class_sharpness = nn.Parameter(torch.tensor(0.0))
        self.class_weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, features, class_logits, class_vectors):
        """Unit image vectors; `class_vectors` [1000, 256] are the text vectors of the names."""
        x = self.dropout(features)
        y = self.fc2(self.dropout(F.silu(self.fc1(x)))) + self.skip(x)
        p = (class_logits * self.class_sharpness.exp()).softmax(-1)
        return F.normalize(y + self.class_weight * (p @ class_vectors), dim=-1)


class DualEncoder(nn.Module):
    """Both towers. The text tower starts from sentence vectors, which are fixed."""

    def __init__(self, centre: torch.Tensor, dropout: float = 0.3):
        super().__init__()
        self.lite = published(0)
        self.image_head = ImageHead(dropout=dropout)
        self.text_head = TextHead(centre)
        self.log_scale = nn.Parameter(torch.tensor(3.0))
        self.kind_scale = nn.Parameter(torch.zeros(6))

    def head(self, features, class_vectors):
        """Features to unit image vectors."""
        return self.image_head(features, self.lite.fc(features), class_vectors)

    def scale(self, which: int) -> torch.Tensor:
        """The factor on cosines in the loss of one kind of label."""
        return (self.log_scale + self.kind_scale[which]).exp().clamp(max=100.0)
