"""The shipped model as files: image tower in onnxruntime, text projection, text cache."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .images import preprocess

MODEL = Path(__file__).parents[2] / "assets" / "models" / "termlens-lite0"


class ImageTower:
    """The image tower named by a folder's `model.json`, in onnxruntime on the CPU."""

    def __init__(self, folder: Path = MODEL, threads: int = 2):
        self.spec = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        file = folder / self.spec["vision"]["file"]
        self.session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def encode(self, picture) -> np.ndarray:
        """RGB picture to its unit vector, float32 [256]."""
        x = preprocess(picture, self.spec["image"]["size"])[None]
        return self.session.run([self.spec["vision"]["output"]], {self.spec["vision"]["input"]: x})[0][0]


class TextTower:
    """Sentence encoder and the model's projection; one text at a time, so nothing depends on a batch."""

    def __init__(self, folder: Path = MODEL):
        with np.load(folder / "text-projection.npz") as f:
            self.centre, self.weight = f["centre"].astype(np.float64), f["weight"].astype(np.float64)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Texts to unit vectors, rounded to 16-bit floats [n, 256]."""
        import torch

        from .sentences import MiniLM

        torch.set_num_threads(1)
        return self.project(MiniLM().encode(texts, batch=1))

    def project(self, sentences: np.ndarray) -> np.ndarray:
        """Sentence vectors [n, 384] to what `encode` gives for their texts."""
        raw = sentences.astype(np.float64) - self.centre
        out = np.stack([self.weight @ x for x in raw]) if len(raw) else np.zeros((0, len(self.weight)))
        return (out / np.linalg.norm(out, axis=1, keepdims=True)).astype("<f2")


def read_text_cache(folder: Path = MODEL) -> dict[str, np.ndarray]:
    """The committed text vectors by text, float32."""
    texts = (folder / "text-cache.txt").read_text(encoding="utf-8").splitlines()
    rows = np.fromfile(folder / "text-cache.bin", "<f2").reshape(len(texts), -1).astype(np.float32)
    return dict(zip(texts, rows, strict=True))
