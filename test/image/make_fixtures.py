"""
Makes test/fixtures/images: pictures that are awkward to read, and what Pillow and torchvision's rules make of each.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install pillow==13.0.0 numpy==2.4.6
    /tmp/venv/bin/python test/image/make_fixtures.py

All pictures are computed here, so no licence applies but the project's own. `cases.json` lists them; `references.bin.gz`
holds, one after the other, the `size` x `size` RGB bytes that each should become (before normalisation).
"""

import gzip
import io
import json
import pathlib
import shutil
import subprocess
import tempfile
import zlib

import numpy as np
from jpeg_writer import write_jpeg
from PIL import Image, ImageDraw, ImageOps

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "images"
OUT.mkdir(parents=True, exist_ok=True)
cases, references = [], []


def scene(width, height, seed=1, channels=3):
    """Clouds of 1/f noise in colour, with hard-edged shapes on them."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None] * width
    fall = 1 / (1 + np.hypot(fx, fy)) ** 1.6
    planes = []
    for _ in range(channels):
        noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * fall, s=(height, width))
        planes.append(128 + 60 * noise / max(noise.std(), 1e-9))
    image = Image.fromarray(np.stack(planes, -1).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for i in range(8):
        x, y = rng.integers(0, max(1, width)), rng.integers(0, max(1, height))
        r = int(rng.integers(2, max(3, min(width, height) // 4)))
        color = tuple(int(v) for v in rng.integers(0, 256, 3))
        (draw.ellipse if i % 2 else draw.rectangle)((int(x) - r, int(y) - r, int(x) + r, int(y) + r), fill=color)
    return image


def on_white(image):
    """Oriented, on white, RGB: what `decode` promises."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image.convert("RGB"), mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def reference(image, size, resize="shortest", interpolation="bicubic"):
    """torchvision's Resize and CenterCrop. Only the crop is computed, by Pillow's `box`, where the whole would be huge."""
    kernel = Image.Resampling.BICUBIC if interpolation == "bicubic" else Image.Resampling.BILINEAR
    if resize == "pad":
        side = max(image.size)
        square = Image.new("RGB", (side, side), "white")
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return square.resize((size, size), kernel)
    if resize == "squash":
        return image.resize((size, size), kernel)
    width, height = image.size
    long = int(size * max(width, height) / min(width, height))
    w, h = (size, long) if width <= height else (long, size)
    left, top = int(round((w - size) / 2)), int(round((h - size) / 2))
    if long > 20000:
        box = (left * width / w, top * height / h, (left + size) * width / w, (top + size) * height / h)
        return image.resize((size, size), kernel, box=box)
    return image.resize((w, h), kernel).crop((left, top, left + size, top + size))


def case(name, data, size=96, pixels=None, **rule):
    """`pixels`: the decoded picture, where Pillow's own reading is not the reference."""
    (OUT / name).write_bytes(data)
    image = pixels if pixels is not None else on_white(Image.open(io.BytesIO(data)))
    references.append(np.asarray(reference(image, size, **rule)).tobytes())
    cases.append({"file": name, "size": size, "width": image.width, "height": image.height, **rule})


def saved(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png(width, height, depth, color, rows, extra=b""):
    """A PNG from raw scan lines, for what Pillow does not write."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, color, 0, 0, 0])
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def adam7(array):
    """A PNG of `array` (height, width, channels) of 8 bits, interlaced."""
    height, width, channels = array.shape
    raw = b""
    for x0, y0, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        for row in array[y0::dy, x0::dx]:
            if row.size:
                raw += b"\0" + row.tobytes()

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 1])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


photo = scene(330, 247)
alpha = Image.fromarray((np.hypot(*np.mgrid[-1:1:180j, -1:1:250j]) * 200).clip(0, 255).astype(np.uint8))
glass = scene(250, 180, 2)
glass.putalpha(alpha)

# Sizes
case("1x1.png", saved(Image.new("RGB", (1, 1), (200, 30, 90)), "PNG"), 224)
case("1x4000.png", saved(scene(1, 4000, 3), "PNG"))
case("4000x3.png", saved(scene(4000, 3, 4), "PNG"))
case("4000x3.jpg", saved(scene(4000, 3, 4), "JPEG", quality=90))
case("7x5.jpg", saved(scene(7, 5, 5), "JPEG", quality=95))
case("1x1.jpg", saved(Image.new("RGB", (1, 1), (200, 30, 90)), "JPEG"))
case("3x1.gif", saved(scene(3, 1, 5).quantize(8), "GIF"))

# Rules
case("photo-squash.png", saved(photo, "PNG"), 224, resize="squash")
case("photo-pad.png", saved(scene(300, 101, 6), "PNG"), 224, resize="pad")
case("photo-pad-tall.png", saved(scene(64, 301, 7), "PNG"), 96, resize="pad", interpolation="bilinear")
case("photo-bilinear.png", saved(scene(301, 260, 8), "PNG"), 96, interpolation="bilinear")
case("enlarged.png", saved(scene(40, 30, 9), "PNG"), 224)

# JPEG
case("baseline-444.jpg", saved(photo, "JPEG", quality=85, subsampling=0))
case("baseline-422.jpg", saved(photo, "JPEG", quality=85, subsampling=1))
case("baseline-420.jpg", saved(photo, "JPEG", quality=85, subsampling=2), 224)
case("optimized.jpg", saved(photo, "JPEG", quality=60, optimize=True))
case("progressive-420.jpg", saved(photo, "JPEG", quality=85, progressive=True))
case("progressive-444.jpg", saved(photo, "JPEG", quality=95, progressive=True, subsampling=0))
case("progressive-restart.jpg", saved(photo, "JPEG", quality=80, progressive=True, restart_marker_blocks=7))
case("restart.jpg", saved(photo, "JPEG", quality=80, restart_marker_rows=1))
case("grey.jpg", saved(photo.convert("L"), "JPEG", quality=85))
case("grey-progressive.jpg", saved(photo.convert("L"), "JPEG", quality=85, progressive=True))
case("rgb.jpg", saved(photo, "JPEG", quality=90, keep_rgb=True))
case("lowest-quality.jpg", saved(photo, "JPEG", quality=1))
cmyk = Image.merge("CMYK", [*scene(250, 180, 10).split(), scene(250, 180, 11).getchannel(0).point(lambda v: v // 2)])
case("cmyk.jpg", saved(cmyk, "JPEG", quality=90))
case("cmyk-progressive.jpg", saved(cmyk, "JPEG", quality=90, progressive=True))
ycck = saved(Image.merge("CMYK", [*scene(250, 180, 12).convert("YCbCr").split(), cmyk.getchannel(3)]), "JPEG", quality=90)
at = ycck.index(b"Adobe") + 11
case("ycck.jpg", ycck[:at] + b"\2" + ycck[at + 1 :])
ycc = [np.asarray(c, float) for c in scene(170, 131, 13).convert("YCbCr").split()]
for name, sampling in {
    "411": [(4, 1), (1, 1), (1, 1)],
    "440": [(1, 2), (1, 1), (1, 1)],
    "410": [(4, 2), (1, 1), (1, 1)],
    "mixed": [(2, 2), (2, 1), (1, 2)],
}.items():
    case(f"sampling-{name}.jpg", write_jpeg(ycc, sampling, (170, 131), 6))
case("scan-per-component.jpg", write_jpeg(ycc, [(2, 2), (1, 1), (1, 1)], (170, 131), 6, restart=11, interleaved=False))
case("restart-every-mcu.jpg", write_jpeg(ycc, [(2, 1), (1, 1), (1, 1)], (170, 131), 6, restart=1))
case("grey-sampling-22.jpg", write_jpeg(ycc[:1], [(2, 2)], (170, 131), 6, interleaved=False))
exif = Image.Exif()
for orientation in range(1, 9):
    exif[0x0112] = orientation
    case(f"orientation-{orientation}.jpg", saved(scene(120, 70, 14), "JPEG", quality=85, exif=exif), 64)
exif[0x0112] = 6
case("orientation-6.png", saved(scene(120, 70, 14), "PNG", exif=exif), 64)
case("orientation-6.webp", saved(scene(120, 70, 14), "WEBP", exif=exif, lossless=True), 64)
for orientation in (2, 3, 4, 5, 6, 7, 8):
    exif[0x0112] = orientation
    case(
        f"orientation-{orientation}.avif",
        saved(scene(120, 70, 14), "AVIF", exif=exif, subsampling="4:4:4", quality=95),
        64,
    )

# PNG
case("rgba.png", saved(glass, "PNG"))
case("grey.png", saved(photo.convert("L"), "PNG"))
case("grey-alpha.png", saved(glass.convert("LA"), "PNG"))
case("palette.png", saved(photo.quantize(200), "PNG"))
case("palette-4.png", saved(photo.quantize(13), "PNG", bits=4))
case("palette-1.png", saved(photo.quantize(2), "PNG", bits=1))
case("black-and-white.png", saved(photo.convert("1"), "PNG"))
case("palette-alpha.png", saved(glass.quantize(64), "PNG"))
case("interlaced.png", adam7(np.asarray(scene(133, 98, 15))))
case("interlaced-alpha.png", adam7(np.asarray(glass)))
case("interlaced-2x3.png", adam7(np.asarray(scene(2, 3, 16))))
case("transparent-color.png", saved(Image.new("RGB", (60, 40), (1, 2, 3)), "PNG", transparency=(1, 2, 3)))
rng = np.random.default_rng(17)
for depth in (1, 2, 4):
    samples = np.asarray(scene(101, 67, 18).convert("L")) >> (8 - depth)
    packed = [np.packbits(((row[:, None] >> np.arange(depth)[::-1]) & 1).astype(np.uint8).reshape(-1)).tobytes() for row in samples]
    grey = Image.fromarray((samples * (255 // ((1 << depth) - 1))).astype(np.uint8)).convert("RGB")
    case(f"grey-{depth}.png", png(101, 67, depth, 0, packed), pixels=grey)
# 16 bits are scaled to 8 before Pillow, which would clip them.
deep = np.stack([np.asarray(c, np.uint16) * 257 for c in scene(120, 90, 19).split()], -1)
deep = np.clip(deep.astype(int) + rng.integers(-128, 128, deep.shape), 0, 65535)
veil = np.linspace(0, 65535, 120).astype(int)[None].repeat(90, 0)
eight = lambda v: np.rint(v / 257).astype(np.uint8)
rows16 = lambda a: [row.astype(">u2").tobytes() for row in a]
case("rgb-16.png", png(120, 90, 16, 2, rows16(deep)), pixels=Image.fromarray(eight(deep)))
case("grey-16.png", png(120, 90, 16, 0, rows16(deep[..., 0])), pixels=Image.fromarray(eight(deep[..., 0])).convert("RGB"))
with_alpha = Image.fromarray(np.concatenate([eight(deep), eight(veil)[..., None]], -1), "RGBA")
case("rgba-16.png", png(120, 90, 16, 6, rows16(np.concatenate([deep, veil[..., None]], -1))), pixels=on_white(with_alpha))
case(
    "grey-alpha-16.png",
    png(120, 90, 16, 4, rows16(np.stack([deep[..., 0], veil], -1))),
    pixels=on_white(Image.merge("LA", [Image.fromarray(eight(deep[..., 0])), Image.fromarray(eight(veil))])),
)

# WebP, GIF, AVIF
case("lossy.webp", saved(photo, "WEBP", quality=80))
case("lossless.webp", saved(photo, "WEBP", lossless=True))
case("lossy-alpha.webp", saved(glass, "WEBP", quality=80))
case("lossless-alpha.webp", saved(glass, "WEBP", lossless=True, exact=True))
frames = [scene(90, 60, s) for s in (20, 21, 22)]
case("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True, duration=100))
case("opaque.gif", saved(photo.quantize(128), "GIF"))
case("interlaced.gif", saved(photo.quantize(64), "GIF", interlace=True))
case("straight.gif", saved(photo.quantize(64), "GIF", interlace=False))
case("transparent.gif", saved(glass.quantize(32), "GIF"))
case(
    "animated.gif",
    saved(frames[0].quantize(64), "GIF", save_all=True, append_images=[f.quantize(64) for f in frames[1:]]),
)
case("lossy.avif", saved(photo, "AVIF", quality=85, subsampling="4:4:4"))
case("lossy-420.avif", saved(photo, "AVIF", quality=85))
case("alpha.avif", saved(glass, "AVIF", quality=90, subsampling="4:4:4"))

# Pillow does not write these; libavif's avifenc (Debian's libavif-bin) does. Without it the committed ones stay.
for name, options in {
    "grid.avif": ["--grid", "2x2", "-y", "420"],
    "10-bit.avif": ["-d", "10", "-y", "422"],
    "12-bit-full.avif": ["-d", "12", "-y", "444"],
    "limited.avif": ["-r", "limited", "-y", "420"],
    "grey.avif": ["-y", "400"],
    "identity.avif": ["--cicp", "1/13/0", "-y", "444", "-r", "full"],
    "bt709.avif": ["--cicp", "1/13/1", "-y", "444"],
}.items():
    if shutil.which("avifenc"):
        with tempfile.TemporaryDirectory() as folder:
            scene(192, 160, 23).save(f"{folder}/in.png")
            subprocess.run(
                [
                    "avifenc",
                    "-j",
                    "1",
                    "-s",
                    "6",
                    "--min",
                    "4",
                    "--max",
                    "12",
                    *options,
                    f"{folder}/in.png",
                    str(OUT / name),
                ],
                check=True,
                stdout=subprocess.DEVNULL,
            )
    case(name, (OUT / name).read_bytes(), 64)


# As large as the caps allow, for the measurement of memory. Plain pictures, since their bytes are committed.
def plain(width, height, mode="RGB"):
    image = Image.new(mode, (width, height), (90, 120, 150, 200)[: len(mode)])
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill=(220, 180, 60, 255)[: len(mode)])
    return image


veiled = plain(2500, 1400)
veiled.putalpha(scene(125, 70, 31).convert("L").resize(veiled.size, Image.Resampling.NEAREST))
for name, data in {
    "large/lossy-48mp.webp": saved(plain(8000, 6000), "WEBP", quality=10),
    "large/lossless-3.5mp.webp": saved(scene(250, 140, 30).resize((2500, 1400), Image.Resampling.NEAREST), "WEBP", lossless=True),
    "large/alpha-3.5mp.webp": saved(veiled, "WEBP", quality=40),
    "large/420-6mp.avif": saved(plain(3000, 2000), "AVIF", quality=50),
    "large/444-6mp.avif": saved(plain(3000, 2000), "AVIF", quality=50, subsampling="4:4:4"),
}.items():
    (OUT / "large").mkdir(exist_ok=True)
    (OUT / name).write_bytes(data)

(OUT / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
(OUT / "references.bin.gz").write_bytes(gzip.compress(b"".join(references), 9, mtime=0))
total = sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file())
print(len(cases), "cases,", total, "bytes")
