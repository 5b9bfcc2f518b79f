"""The image tower as an ONNX graph, written node by node from a trained model.

Everything constant is folded: batch norm into the convolutions, the sharpness and weight of the
class branch into its two matrices. Padding stands in the convolutions' attributes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

from .model import DIM, DualEncoder

OPSET = 17


class _Graph:
    def __init__(self):
        self.nodes, self.weights = [], []

    def const(self, name: str, value) -> str:
        value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def conv(self, x: str, conv, name: str, side: int) -> tuple[str, int]:
        weight, bias = conv.folded()
        before, after = conv.pads(side)
        inputs = [x, self.const(name + ".weight", weight), self.const(name + ".bias", bias)]
        k, s = weight.shape[-1], conv.stride
        y = self.node(
            "Conv", inputs, name, kernel_shape=[k, k], strides=[s, s], group=conv.groups,
            pads=[before, before, after, after],
        )  # fmt: skip
        if conv.act:
            y = self.node("Clip", [y, "zero", "six"], name + ".relu6")
        return y, -(-side // s)

    def linear(self, x: str, weight, bias, name: str) -> str:
        y = self.node(
            "MatMul", [x, self.const(name + ".weight", weight.T)], name + (".matmul" if bias is not None else "")
        )
        return y if bias is None else self.node("Add", [y, self.const(name + ".bias", bias)], name)


@torch.no_grad()
def image_tower(model: DualEncoder, class_vectors: torch.Tensor, side: int) -> onnx.ModelProto:
    """`pixel_values` [batch, 3, side, side] to unit `image_embeds` [batch, 256]."""
    g = _Graph()
    g.const("zero", np.float32(0))
    g.const("six", np.float32(6))
    lite, head = model.lite, model.image_head
    x, at = g.conv("pixel_values", lite.stem, "stem", side)
    for i, block in enumerate(lite.blocks):
        start, p = x, f"block{i}"
        if block.expand is not None:
            x, at = g.conv(x, block.expand, p + ".expand", at)
        x, at = g.conv(x, block.depthwise, p + ".depthwise", at)
        x, at = g.conv(x, block.project, p + ".project", at)
        if block.skip:
            x = g.node("Add", [start, x], p + ".sum")
    x, at = g.conv(x, lite.head, "head", at)
    x = g.node("GlobalAveragePool", [x], "pool")
    f = g.node("Flatten", [x], "features", axis=1)
    y = g.linear(f, head.fc1.weight, head.fc1.bias, "fc1")
    y = g.node("Mul", [y, g.node("Sigmoid", [y], "silu.sigmoid")], "silu")
    y = g.linear(y, head.fc2.weight, head.fc2.bias, "fc2")
    y = g.node("Add", [y, g.linear(f, head.skip.weight, None, "skip")], "main")
    sharp = head.class_sharpness.exp()
    p = g.linear(f, lite.fc.weight * sharp, lite.fc.bias * sharp, "classes")
    p = g.node("Softmax", [p], "class_probabilities", axis=-1)
    c = g.linear(p, (head.class_weight * class_vectors).T, None, "class_vectors")
    y = g.node("Add", [y, c], "embedding")
    n = g.node("ReduceL2", [y], "norm", axes=[-1], keepdims=1)
    g.node("Div", [y, n], "image_embeds")
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes,
        "termlens-lite0",
        [tensor("pixel_values", TensorProto.FLOAT, ["batch", 3, side, side])],
        [tensor("image_embeds", TensorProto.FLOAT, ["batch", DIM])],
        g.weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    made.producer_name = "termlens training/export.py"
    onnx.checker.check_model(made, full_check=True)
    return made


def to_ort(source: Path, target: Path) -> None:
    """Write the ORT-format file, with the optimisations that suit any machine ("extended")."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
