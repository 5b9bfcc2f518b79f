"""
Builds webp/kernel/webp.wasm from libwebp's decoder and avif/kernel/avif.wasm from dav1d, the same bytes on any machine.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install ziglang==0.17.1
    /tmp/venv/bin/python src/image/build_codecs.py            # --check compares with the committed files instead

The C compiler is Zig's (a PyPI package). The sources are those in two crates, which are fetched from crates.io unless
they lie in the folder that --crates names. Licences: BSD-3-Clause (LICENSE.libwebp) and BSD-2-Clause (LICENSE.dav1d).
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

HERE = pathlib.Path(__file__).parent
FLAGS = """
-target wasm32-wasi -mcpu=generic+simd128+bulk_memory -mexec-model=reactor -O3 -DNDEBUG -flto -fno-exceptions
-Wno-everything -Wl,--import-memory -Wl,--strip-all -Wl,--gc-sections
-Dmalloc=codec_malloc -Dfree=codec_free -Dcalloc=codec_calloc -Drealloc=codec_realloc
-Dposix_memalign=codec_posix_memalign
""".split()

LIBWEBP = """
dec/alpha_dec dec/buffer_dec dec/frame_dec dec/idec_dec dec/io_dec dec/quant_dec dec/tree_dec dec/vp8_dec dec/vp8l_dec
dec/webp_dec dsp/alpha_processing dsp/cpu dsp/dec dsp/dec_clip_tables dsp/filters dsp/lossless dsp/rescaler
dsp/upsampling dsp/yuv utils/bit_reader_utils utils/color_cache_utils utils/filters_utils utils/huffman_utils utils/palette
utils/quant_levels_dec_utils utils/random_utils utils/rescaler_utils utils/thread_utils utils/utils
""".split()
DAV1D = """
cdf cpu data decode dequant_tables getbits intra_edge itx_1d lf_mask lib log mem msac obu pal picture qm ref refmvs scan
tables thread_task warpmv wedge
""".split()
# Compiled once for 8 bits a sample and once for more.
DAV1D_DEPTHS = """
cdef_apply cdef fg_apply filmgrain ipred_prepare ipred itx lf_apply loopfilter looprestoration lr_apply mc recon
""".split()


def webp(vendor):
    sources = ["decoder.c", "codec_memory.c", *(f"src/{name}.c" for name in LIBWEBP)]
    return ["-I.", "-Wl,-z,stack-size=65536"], sources


def avif(vendor):
    (vendor / "vcs_version.h").write_text('#define DAV1D_VERSION "1.4.3"\n')
    version = (vendor / "include/dav1d/version.h.in").read_text()
    for part, value in {"MAJOR": "7", "MINOR": "0", "PATCH": "0"}.items():
        version = version.replace(f"@DAV1D_API_VERSION_{part}@", value)
    (vendor / "include/dav1d/version.h").write_text(version)
    sources = ["decoder.c", "codec_memory.c", *(f"src/{name}.c" for name in DAV1D)]
    for depth in (8, 16):
        for name in DAV1D_DEPTHS:
            unit = vendor / f"src/{name}_{depth}.c"
            unit.write_text(f'#define BITDEPTH {depth}\n#include "{name}_tmpl.c"\n')
            sources.append(f"src/{unit.name}")
    includes = ["-I.", "-Iinclude", "-Iinclude/compat/gcc", "-Isrc"]
    return [*includes, "-std=c11", "-D_GNU_SOURCE", "-Wl,-z,stack-size=262144"], sources


CODECS = {
    "webp": (webp, "libwebp-sys", "0.14.4", "6b3a87b44e34d17161e4f17d92a463d596cb13825dcd1758ed18fd3a721e189c"),
    "avif": (
        avif,
        "libdav1d-sys",
        "0.7.1+libdav1d.1.4.3",
        "3d875e9669d116a603412a126de599b7bf47789a365b79fcf461fbf9c18d141f",
    ),
}


def build(name, crates):
    recipe, crate, version, sha256 = CODECS[name]
    url = f"https://static.crates.io/crates/{crate}/{crate}-{version.replace('+', '%2B')}.crate"
    data = (crates / f"{crate}-{version}.crate").read_bytes() if crates else urllib.request.urlopen(url).read()
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"{crate}-{version}.crate is not the one this was built from")
    with tempfile.TemporaryDirectory() as folder:
        tarfile.open(fileobj=io.BytesIO(data)).extractall(folder, filter="data")
        vendor = pathlib.Path(folder) / f"{crate}-{version}" / "vendor"
        for source in [HERE / "codec_memory.c", *(HERE / name / "kernel").glob("*.[ch]")]:
            (vendor / source.name).write_bytes(source.read_bytes())
        flags, sources = recipe(vendor)
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags, "-o", "out.wasm", *sources]
        subprocess.run(command, cwd=vendor, check=True)
        return (vendor / "out.wasm").read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codecs", nargs="*", default=list(CODECS), help="webp, avif, or both")
    parser.add_argument("--crates", type=pathlib.Path, help="a folder with the two .crate files")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    options = parser.parse_args()
    for name in options.codecs:
        built = build(name, options.crates)
        target = HERE / name / "kernel" / f"{name}.wasm"
        if not options.check:
            target.write_bytes(built)
        elif target.read_bytes() != built:
            sys.exit(f"{target} differs from what its sources give")
        print(name, len(built), "bytes, sha256", hashlib.sha256(built).hexdigest())


main()
