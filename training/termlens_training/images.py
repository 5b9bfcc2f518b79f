"""From a picture to the network's input: the shipped preprocessing, and training's augmentation."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image, ImageEnhance

# What the Lite networks were trained with (TensorFlow: (x - 127) / 128), not ImageNet's usual values.
MEAN = np.full(3, 127 / 255, np.float32)
STD = np.full(3, 128 / 255, np.float32)


def resize_crop(image: Image.Image, side: int) -> Image.Image:
    """Shorter side to `side` with Pillow's bicubic, then the centre square.

    Rounded as torchvision does: the long side is truncated, offsets round half to even.
    """
    w, h = image.size
    size = (side, int(side * h / w)) if w <= h else (int(side * w / h), side)
    if size != (w, h):
        image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = round((size[0] - side) / 2.0), round((size[1] - side) / 2.0)
    return image.crop((left, top, left + side, top + side))


def to_array(image: Image.Image) -> np.ndarray:
    """RGB picture to float32 [3, S, S], normalised."""
    x = np.asarray(image, np.float32) / np.float32(255)
    return np.ascontiguousarray(((x - MEAN) / STD).transpose(2, 0, 1))


def preprocess(image: Image.Image, side: int) -> np.ndarray:
    """The shipped preprocessing: float32 [3, side, side]."""
    return to_array(resize_crop(image, side))


def _recompress(image: Image.Image, rng: random.Random) -> Image.Image:
    buffer = io.BytesIO()
    if rng.random() < 0.6:
        image.save(buffer, "JPEG", quality=rng.randint(25, 92))
    else:
        image.save(buffer, "WEBP", quality=rng.randint(20, 85), method=0)
    return Image.open(buffer).convert("RGB")


def augment(image: Image.Image, side: int, rng: random.Random, least: float = 0.4) -> Image.Image:
    """A random view: crop of `least`..100 % of the area, flip, size, compression, slight light.

    Size and compression vary because the sources differ in them and a model would take that for
    style; colour varies only a little because it is part of style.
    """
    w, h = image.size
    area = w * h * rng.uniform(least, 1.0)
    ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
    cw, ch = min(w, math.sqrt(area * ratio)), min(h, math.sqrt(area / ratio))
    x, y = rng.uniform(0, w - cw), rng.uniform(0, h - ch)
    box = (x, y, x + cw, y + ch)
    if rng.random() < 0.3:
        small = rng.randint(side // 2, side)
        image = image.resize((small, small), Image.Resampling.BICUBIC, box)
        box = None
    if rng.random() < 0.5:
        if box is None:
            image = _recompress(image, rng)
        else:
            image = image.resize((side, side), Image.Resampling.BICUBIC, box)
            image, box = _recompress(image, rng), None
    kernel = rng.choice((Image.Resampling.BICUBIC, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR))
    if box is not None or image.size != (side, side):
        image = image.resize((side, side), kernel, box)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.3:
        image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.85, 1.15))
        image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.85, 1.15))
    return image
