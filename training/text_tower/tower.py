"""The shipped text tower in onnxruntime, one text at a time, as TypeScript runs it."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
from places import MODEL
from student import MAX_TOKENS
from tokenizers import Tokenizer

FILE, TOKENIZER, STAMP = "text.ort.gz", "tokenizer.json", "text.json"


def session(model: bytes) -> ort.InferenceSession:
    """A one-thread session of a model's bytes."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Tower:
    """`encode(texts)` gives unit vectors [n, 256], float32."""

    def __init__(self, tokenizer: Path, model: bytes):
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.session = session(model)

    def ids(self, text: str) -> list[int]:
        """Token ids; of a text too long the first ones and the last, `[SEP]`."""
        ids = self.tokenizer.encode(text).ids
        return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]

    def encode(self, texts: list[str]) -> np.ndarray:
        """Each text alone."""
        return np.stack([self.session.run(None, {"input_ids": np.array([self.ids(t)])})[0][0] for t in texts])


def shipped(folder: Path = MODEL) -> Tower:
    """The tower of a model's folder."""
    return Tower(folder / TOKENIZER, gzip.decompress((folder / FILE).read_bytes()))


def write(folder: Path, model: bytes, where: dict[str, int]) -> None:
    """Write the compressed tower and its stamp: the spec, sizes, and where the projection stands in the bytes."""
    # The weights are noise with few values: Huffman codes alone pack it about as well as matches do, and faster.
    best = min((_gzip(model, s) for s in (zlib.Z_HUFFMAN_ONLY, zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE)), key=len)
    (folder / FILE).write_bytes(best)
    tower = {
        "file": FILE,
        "format": "ort",
        "input_ids": "input_ids",
        "attention_mask": None,
        "output": "text_embeds",
        "max_tokens": MAX_TOKENS,
        "tokenizer": TOKENIZER,
        "digest": hashlib.sha256(best).hexdigest(),
    }
    stamp = {
        "tower": tower,
        "bytes": len(best),
        "unpacked_bytes": len(model),
        "projection": where,
    }
    (folder / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


def _gzip(data: bytes, strategy: int) -> bytes:
    z = zlib.compressobj(9, zlib.DEFLATED, 31, 9, strategy)
    return z.compress(data) + z.flush()
