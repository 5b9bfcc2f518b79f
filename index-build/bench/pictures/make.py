"""Makes the pictures of the bench, once: `python make.py` with Pillow 13.0.0 and NumPy 2.4.6.

Each is a mosaic of public-domain and CC0 pictures of assets/calibration, enlarged, with detail of several scales and
film grain laid over, so that codecs find in it about what they find in a photograph. Seeded: the same files every time.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
CALIBRATION = HERE.parents[2] / "assets" / "calibration"
FREE = {"CC0", "public domain work", "CC0 / public domain (museum open access)"}


def free_pictures():
    rows = [json.loads(line) for line in (CALIBRATION / "calibration.jsonl").read_text("utf-8").splitlines()]
    names = sorted(row["id"] for row in rows if row["license"] in FREE and min(row["width"], row["height"]) > 128)
    return [Image.open(CALIBRATION / f"{name}.webp").convert("RGB") for name in names]


def noise(random, width, height, cell):
    """Smooth noise whose bumps are about `cell` pixels wide, with deviation 1."""
    small = random.standard_normal((height // cell + 2, width // cell + 2)).astype(np.float32)
    image = Image.fromarray(small, "F").resize((width, height), Image.BICUBIC)
    field = np.asarray(image)
    return field / field.std()


def mosaic(pictures, seed, width, height, columns, rows, grain):
    random = np.random.default_rng(seed)
    sheet = Image.new("RGB", (width, height))
    for i in range(columns * rows):
        left, right = (width * (i % columns + k) // columns for k in (0, 1))
        top, bottom = (height * (i // columns + k) // rows for k in (0, 1))
        tile = pictures[(seed * 7 + i) % len(pictures)]
        sheet.paste(tile.resize((right - left, bottom - top), Image.BICUBIC), (left, top))
    pixels = np.asarray(sheet, np.float32)
    texture = 5 * noise(random, width, height, 12) + 4 * noise(random, width, height, 4)
    texture += grain * random.standard_normal((height, width)).astype(np.float32)
    return Image.fromarray(np.clip(pixels + texture[..., None] + 0.5, 0, 255).astype(np.uint8))


def main():
    pictures = free_pictures()
    mosaic(pictures, 1, 816, 612, 2, 2, 4).save(HERE / "half-mp.jpg", quality=85)
    mosaic(pictures, 2, 1632, 1224, 4, 3, 4).save(HERE / "two-mp.jpg", quality=85)
    mosaic(pictures, 3, 4000, 3000, 5, 4, 4).save(HERE / "twelve-mp.jpg", quality=82)
    mosaic(pictures, 4, 1632, 1224, 4, 3, 0.6).save(HERE / "two-mp.png", optimize=True)
    mosaic(pictures, 5, 1632, 1224, 4, 3, 4).save(HERE / "two-mp.webp", quality=80)
    mosaic(pictures, 6, 1152, 864, 3, 2, 2).save(HERE / "one-mp.avif", quality=55)


main()
