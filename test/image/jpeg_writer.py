"""Writes sequential JPEGs that Pillow cannot write: any sampling factors, a scan per component, restart markers anywhere."""

import numpy as np

ZIGZAG = [
    0,
    1,
    8,
    16,
    9,
    2,
    3,
    10,
    17,
    24,
    32,
    25,
    18,
    11,
    4,
    5,
    12,
    19,
    26,
    33,
    40,
    48,
    41,
    34,
    27,
    20,
    13,
    6,
    7,
    14,
    21,
    28,
    35,
    42,
    49,
    56,
    57,
    50,
    43,
    36,
    29,
    22,
    15,
    23,
    30,
    37,
    44,
    51,
    58,
    59,
    52,
    45,
    38,
    31,
    39,
    46,
    53,
    60,
    61,
    54,
    47,
    55,
    62,
    63,
]
DCT = np.array([[(0.5 if k else 0.5 / np.sqrt(2)) * np.cos((2 * x + 1) * k * np.pi / 16) for x in range(8)] for k in range(8)])


def segment(marker, data):
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def flat_table(symbols):
    """A Huffman table with codes of 8 bits for all symbols, the last left free (a code of ones is not allowed)."""
    counts = [0] * 16
    counts[7 if len(symbols) < 255 else 8] = len(symbols)
    return bytes(counts) + bytes(symbols), (8 if len(symbols) < 255 else 9)


class Bits:
    def __init__(self):
        self.out = bytearray()
        self.bits = ""

    def put(self, value, count):
        self.bits += format(value, f"0{count}b") if count else ""
        while len(self.bits) >= 8:
            byte = int(self.bits[:8], 2)
            self.bits = self.bits[8:]
            self.out += bytes([byte, 0] if byte == 255 else [byte])

    def flush(self):
        if self.bits:
            self.put((1 << (8 - len(self.bits))) - 1, 8 - len(self.bits))


def write_jpeg(planes, sampling, size, quant=8, restart=0, interleaved=True):
    """`planes`: float arrays at full size, already YCbCr (or as wanted); `sampling`: (h, v) of each; `size`: (width, height)."""
    width, height = size
    hmax, vmax = max(h for h, _ in sampling), max(v for _, v in sampling)
    across, down = -(-width // (8 * hmax)), -(-height // (8 * vmax))
    dc_symbols, ac_symbols = list(range(12)), [r << 4 | s for r in range(16) for s in range(11) if s or r in (0, 15)]
    dc_table, dc_length = flat_table(dc_symbols)
    ac_table, ac_length = flat_table(ac_symbols)
    blocks = []
    for plane, (h, v) in zip(planes, sampling):
        w, l = across * 8 * h, down * 8 * v
        xs = np.minimum((np.arange(w) + 0.5) * hmax / h, width - 1).astype(int)
        ys = np.minimum((np.arange(l) + 0.5) * vmax / v, height - 1).astype(int)
        samples = plane[np.ix_(ys, xs)] - 128.0
        grid = samples.reshape(down * v, 8, across * h, 8).transpose(0, 2, 1, 3)
        blocks.append(np.rint(DCT @ grid @ DCT.T / quant).astype(int))
    out = b"\xff\xd8" + segment(0xDB, bytes([0]) + bytes([quant] * 64))
    frame = b"".join(bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(sampling))
    out += segment(0xC0, bytes([8]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([len(planes)]) + frame)
    out += segment(0xC4, bytes([0]) + dc_table + bytes([0x10]) + ac_table)
    if restart:
        out += segment(0xDD, restart.to_bytes(2, "big"))

    def put_block(bits, block, prediction):
        zz = block.reshape(64)[ZIGZAG]
        diff = int(zz[0]) - prediction

        def value(v, s):
            bits.put(v if v > 0 else v + (1 << s) - 1, s)

        s = abs(diff).bit_length()
        bits.put(dc_symbols.index(s), dc_length)
        value(diff, s) if s else None
        run = 0
        for k in range(1, 64):
            v = int(zz[k])
            if v == 0:
                run += 1
                continue
            while run > 15:
                bits.put(ac_symbols.index(0xF0), ac_length)
                run -= 16
            s = abs(v).bit_length()
            bits.put(ac_symbols.index(run << 4 | s), ac_length)
            value(v, s)
            run = 0
        if run:
            bits.put(ac_symbols.index(0), ac_length)
        return int(zz[0])

    def scan(indices, mcus):
        bits, prediction = Bits(), [0] * len(planes)
        data = segment(0xDA, bytes([len(indices)]) + b"".join(bytes([i + 1, 0]) for i in indices) + bytes([0, 63, 0]))
        for number, mcu in enumerate(mcus):
            if restart and number and number % restart == 0:
                bits.flush()
                bits.out += bytes([0xFF, 0xD0 + (number // restart - 1) % 8])
                prediction = [0] * len(planes)
            for i, y, x in mcu:
                prediction[i] = put_block(bits, blocks[i][y, x], prediction[i])
        bits.flush()
        return data + bytes(bits.out)

    if interleaved:
        out += scan(
            list(range(len(planes))),
            (
                [(i, my * v + y, mx * h + x) for i, (h, v) in enumerate(sampling) for y in range(v) for x in range(h)]
                for my in range(down)
                for mx in range(across)
            ),
        )
    else:
        for i, (h, v) in enumerate(sampling):
            w, l = -(-(-(-width * h // hmax)) // 8), -(-(-(-height * v // vmax)) // 8)
            out += scan([i], ([(i, y, x)] for y in range(l) for x in range(w)))
    return out + b"\xff\xd9"
