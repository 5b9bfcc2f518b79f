"""
Builds webp.wasm from libwebp's decoder (BSD-3-Clause, LICENSE.libwebp), byte for byte the same on any machine.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install ziglang==0.17.1
    /tmp/venv/bin/python src/image/webp/kernel/build.py            # --check compares with the committed file instead

The C compiler is Zig's (a PyPI package); libwebp's sources are those in the crate libwebp-sys, which is fetched from
crates.io unless --crate names a copy of it.
"""
import argparse
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.request

CRATE = "libwebp-sys-0.14.4"
URL = f"https://static.crates.io/crates/libwebp-sys/{CRATE}.crate"
SHA256 = "6b3a87b44e34d17161e4f17d92a463d596cb13825dcd1758ed18fd3a721e189c"
SOURCES = """
dec/alpha_dec dec/buffer_dec dec/frame_dec dec/idec_dec dec/io_dec dec/quant_dec dec/tree_dec dec/vp8_dec dec/vp8l_dec
dec/webp_dec dsp/alpha_processing dsp/cpu dsp/dec dsp/dec_clip_tables dsp/filters dsp/lossless dsp/rescaler
dsp/upsampling dsp/yuv utils/bit_reader_utils utils/color_cache_utils utils/filters_utils utils/huffman_utils utils/palette
utils/quant_levels_dec_utils utils/random_utils utils/rescaler_utils utils/thread_utils utils/utils
""".split()
FLAGS = """
-target wasm32-wasi -mcpu=generic+simd128+bulk_memory -O3 -DNDEBUG -flto -fno-exceptions -Wno-everything
-mexec-model=reactor -Wl,--import-memory -Wl,--strip-all -Wl,--gc-sections -Wl,-z,stack-size=65536
""".split()
HERE = pathlib.Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crate", type=pathlib.Path, help=f"a copy of {CRATE}.crate")
    parser.add_argument("--check", action="store_true", help="compare with webp.wasm, write nothing")
    options = parser.parse_args()
    crate = options.crate.read_bytes() if options.crate else urllib.request.urlopen(URL).read()
    if hashlib.sha256(crate).hexdigest() != SHA256:
        sys.exit(f"{CRATE}.crate is not the one this was built from")
    with tempfile.TemporaryDirectory() as folder:
        tarfile.open(fileobj=io.BytesIO(crate)).extractall(folder, filter="data")
        vendor = pathlib.Path(folder) / CRATE / "vendor"
        (vendor / "decoder.c").write_bytes((HERE / "decoder.c").read_bytes())
        sources = ["decoder.c", *(f"src/{name}.c" for name in SOURCES)]
        subprocess.run([sys.executable, "-m", "ziglang", "cc", *FLAGS, "-I.", "-o", "webp.wasm", *sources], cwd=vendor, check=True)
        built = (vendor / "webp.wasm").read_bytes()
    target = HERE / "webp.wasm"
    if not options.check:
        target.write_bytes(built)
    elif target.read_bytes() != built:
        sys.exit("webp.wasm differs from what its sources give: run build.py")
    print(len(built), "bytes, sha256", hashlib.sha256(built).hexdigest())


main()
