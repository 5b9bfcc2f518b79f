"""The student as an ONNX graph: `input_ids` int64 [1, tokens] to unit `text_embeds` [1, 256].

Matrices stay 8-bit integers and are multiplied as such: fast in WebAssembly, and a quarter of the memory of float32.
The other side is rounded to 8 bits per call, and so is the remainder, 16 bits together: with 8 alone a last bit that
differs between two builds of onnxruntime moves a vector to a cosine of 0.997, with 16 it stays above 0.99999.
Centring and projection are one matrix and one bias at the end.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from student import EPS, HEADS, WIDTH, Student

OPSET, MS = 18, "com.microsoft"


def short(x: np.ndarray) -> np.ndarray:
    """float32 rounded to 11 bits of mantissa: as precise as a 16-bit float, and half of its bytes compress away."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x0FFF + ((bits >> 13) & 1)) & np.uint32(0xFFFFE000)).view(np.float32)


def folded(projection: Path) -> tuple[np.ndarray, np.ndarray]:
    """Matrix [384, 256] and bias [256] of `text-projection.npz`: centre, then project."""
    with np.load(projection) as f:
        weight, centre = f["weight"].astype(np.float64), f["centre"].astype(np.float64)
    matrix = short(weight.T)
    return matrix, (-centre @ matrix.astype(np.float64)).astype(np.float32)


class _Graph:
    def __init__(self):
        self.nodes, self.weights = [], []

    def const(self, name: str, value) -> str:
        value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name, domain=domain, **attributes))
        return name

    def linear(self, x: str, layer, name: str) -> str:
        """Product of `x`, as 8 bits and what they leave over as 8 more, with the integers of a matrix."""
        values, scale = layer.grid.integers()
        weight, bias = self.const(name + ".weight", values.T), self.const(name + ".bias", short(layer.bias.detach()))
        factor = self.const(name + ".scale", short(scale))
        high, step, zero = (name + n for n in (".high", ".step", ".zero"))
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], [high, step, zero], name + ".quantise"))
        rest = self.node("Sub", [x, self.node("DequantizeLinear", [high, step, zero], name + ".back")], name + ".rest")
        inputs = [high, weight, step, factor, zero, "", bias]
        product = self.node("MatMulIntegerToFloat", inputs, name + ".product", MS)
        small = self.node("DynamicQuantizeMatMul", [rest, weight, factor], name + ".small", MS)
        return self.node("Add", [product, small], name)

    def float_linear(self, x: str, layer, name: str) -> str:
        values, scale = layer.grid.integers()
        weight = self.const(name + ".weight", (values.float() * torch.from_numpy(short(scale))[:, None]).T)
        product = self.node("MatMul", [x, weight], name + ".matmul")
        return self.node("Add", [product, self.const(name + ".bias", short(layer.bias.detach()))], name)

    def norm(self, x: str, skip: str, layer, name: str) -> str:
        weight = self.const(name + ".weight", short(layer.weight.detach()))
        bias = self.const(name + ".bias", short(layer.bias.detach()))
        return self.node("SkipLayerNormalization", [x, skip, weight, bias], name, MS, epsilon=EPS)


@torch.no_grad()
def text_tower(model: Student, projection: Path | None, exact: bool = False) -> onnx.ModelProto:
    """The graph. Without a projection the output is the sentence vector [1, 384]; `exact` multiplies in float32."""
    g = _Graph()
    linear = g.float_linear if exact else g.linear
    values, scale = model.words.integers()
    half, base = values.shape[1] // 2, 8
    # Two values a byte: the first half of the numbers in the high bits.
    packed = (values[:, :half] + base).to(torch.uint8) * 16 + (values[:, half:] + base).to(torch.uint8)
    words = g.node("Gather", [g.const("words", packed), "input_ids"], "words.rows")
    words = g.node("Cast", [words], "words.float", to=TensorProto.FLOAT)
    high = g.node("Mul", [words, g.const("sixteenth", np.float32(1 / 16))], "words.sixteenth")
    high = g.node("Floor", [high], "words.high")
    low = g.node("Mul", [high, g.const("sixteen", np.float32(16))], "words.sixteens")
    low = g.node("Sub", [words, low], "words.low")
    words = g.node("Concat", [high, low], "words.both", axis=-1)
    words = g.node("Sub", [words, g.const("base", np.float32(base))], "words.values")
    factor = g.node("Gather", [g.const("words.scale", short(scale[:, None])), "input_ids"], "words.factor")
    words = g.node("Mul", [words, factor], "words.scaled")
    count = g.node("Shape", ["input_ids"], "count", start=1)
    ends = [g.const("zero", np.array([0])), count, g.const("axis", np.array([0]))]
    places = g.node("Slice", [g.const("places", short(model.places.detach())), *ends], "places.used")
    x = g.node("Add", [words, places], "embedding")
    weights = [g.const("norm.weight", short(model.norm.weight)), g.const("norm.bias", short(model.norm.bias))]
    x = g.node("LayerNormalization", [x, *weights], "norm", epsilon=EPS, axis=-1)
    for i, layer in enumerate(model.layers):
        p = f"layer{i}."
        qkv = linear(x, layer.qkv, p + "qkv")
        parts = [p + n for n in ("query", "key", "value")]
        g.nodes.append(helper.make_node("Split", [qkv], parts, p + "split", axis=-1, num_outputs=3))
        y = g.node("MultiHeadAttention", parts, p + "attention", MS, num_heads=HEADS)
        x = g.norm(x, linear(y, layer.out, p + "out"), layer.norm1, p + "norm1")
        y = g.node("Gelu", [linear(x, layer.up, p + "up")], p + "gelu", MS)
        x = g.norm(x, linear(y, layer.down, p + "down"), layer.norm2, p + "norm2")
    name, size = "sentence", WIDTH
    x = g.node("ReduceMean", [x, g.const("token_axis", np.array([1]))], name, keepdims=0)
    if projection is not None:
        matrix, bias = folded(projection)
        name, size = "text_embeds", matrix.shape[1]
        x = g.node("MatMul", [x, g.const("projection.weight", matrix)], "projection.matmul")
        x = g.node("Add", [x, g.const("projection.bias", bias)], "projection")
        norm = g.node("ReduceL2", [x, g.const("last_axis", np.array([-1]))], "length", keepdims=1)
        g.node("Div", [x, norm], name)
    graph = helper.make_graph(
        g.nodes,
        "termlens-text",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])],
        g.weights,
    )
    domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(MS, 1)]
    made = helper.make_model(graph, opset_imports=domains, ir_version=8)
    made.producer_name = "termlens training/text_tower"
    return made


def to_ort(made: onnx.ModelProto, target: Path) -> bytes:
    """The ORT-format file, with the optimisations that suit any machine ("extended")."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return target.read_bytes()
