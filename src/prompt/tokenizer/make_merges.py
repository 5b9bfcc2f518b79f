"""Makes assets/tokenizer/clip-merges.bin from the vocabulary file of the PyPI wheel open_clip_torch.

    pip download open_clip_torch==3.3.0 --no-deps && unzip -p open_clip_torch-*.whl open_clip/bpe_simple_vocab_16e6.txt.gz > vocab.gz
    python src/prompt/tokenizer/make_merges.py vocab.gz assets/tokenizer/clip-merges.bin

The output holds the 48,894 merges of CLIP's byte-pair encoding in order of rank, each as the two token ids it joins
(uint16, little-endian). The token it makes is not stored: it is 512 + rank, which this script asserts.
"""

import gzip
import hashlib
import struct
import sys

SOURCE_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
MERGES = 49_152 - 256 - 2


def byte_symbols() -> list[str]:
    """The character that stands for each byte, in the order of CLIP's first 256 token ids."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


def main(source: str, target: str) -> None:
    with open(source, "rb") as file:
        packed = file.read()
    assert hashlib.sha256(packed).hexdigest() == SOURCE_SHA256, "another vocabulary file"
    lines = gzip.decompress(packed).decode("utf-8").split("\n")[1 : MERGES + 1]
    symbols = byte_symbols()
    ids = {symbol: n for n, symbol in enumerate(symbols + [symbol + "</w>" for symbol in symbols])}
    out = bytearray()
    for rank, line in enumerate(lines):
        left, right = line.split()
        assert left + right not in ids, "a token that two merges make"
        out += struct.pack("<HH", ids[left], ids[right])
        ids[left + right] = 512 + rank
    with open(target, "wb") as file:
        file.write(out)
    print(f"{len(lines)} merges, {len(out)} bytes, SHA-256 {hashlib.sha256(out).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
