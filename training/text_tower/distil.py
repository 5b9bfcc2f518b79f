#!/usr/bin/env python3
"""Distil the sentence encoder into the student: `python distil.py --out RUN --minutes 45`.

Needs RUN/tokenizer.json of `vocabulary.py`. Checkpoints every two minutes (`RUN/last.pt`); `--resume` goes on with
the remaining time. Texts are batched by equal token count, so nothing is padded.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from corpus import read_corpus
from places import MODEL, SHARED
from student import HEADS, LAYERS, MAX_TOKENS, Grid, Student, first_scale
from tokenizers import Tokenizer

from termlens_training.sentences import MiniLM

MIX = {"bank": 0.39, "label": 0.16, "caption": 0.14, "wordnet": 0.19, "composed": 0.12}
BLOCK, TOKENS = 6144, 640


class Teacher(MiniLM):
    """The sentence encoder with the states of all its layers."""

    @torch.no_grad()
    def states(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Token ids [n, t] to the states after every layer."""
        n, t = ids.shape
        e = "embeddings."
        x = self.w[e + "word_embeddings.weight"][ids]
        x = x + self.w[e + "position_embeddings.weight"][:t] + self.w[e + "token_type_embeddings.weight"][0]
        x = self._norm(x, e + "LayerNorm")
        out = []
        for i in range(6):
            p = f"encoder.layer.{i}."
            q, k, v = (
                self._linear(x, f"{p}attention.self.{name}").view(n, t, HEADS, -1).transpose(1, 2)
                for name in ("query", "key", "value")
            )
            y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, -1)
            x = self._norm(x + self._linear(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
            y = self._linear(F.gelu(self._linear(x, p + "intermediate.dense")), p + "output.dense")
            x = self._norm(x + y, p + "output.LayerNorm")
            out.append(x)
        return out


class Stream:
    """Endless batches of (student ids, teacher ids, same pieces?), drawn from the sources by `MIX`."""

    def __init__(self, texts: dict[str, list[str]], student: Tokenizer, teacher: MiniLM, pieces: list[int], seed: int):
        self.rng = random.Random(seed)
        self.texts = {k: list(v) for k, v in texts.items()}
        self.at = dict.fromkeys(texts, 0)
        self.student, self.teacher, self.pieces = student, teacher.tokenizer, pieces
        for v in self.texts.values():
            self.rng.shuffle(v)

    def draw(self, source: str, count: int) -> list[str]:
        """The next texts of a source, reshuffled at its end."""
        out = []
        while len(out) < count:
            part = self.texts[source][self.at[source] : self.at[source] + count - len(out)]
            out += part
            self.at[source] += len(part)
            if self.at[source] >= len(self.texts[source]):
                self.at[source] = 0
                self.rng.shuffle(self.texts[source])
        return out

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, bool]]:
        """Batches of at most `TOKENS` tokens."""
        while True:
            block = [t for k, share in MIX.items() for t in self.draw(k, int(BLOCK * share))]
            groups = defaultdict(list)
            coded = zip(self.student.encode_batch(block), self.teacher.encode_batch(block), strict=True)
            for a, b in coded:
                ours, theirs = a.ids[:MAX_TOKENS], b.ids
                same = len(ours) == len(theirs) and [self.pieces[i] for i in ours] == theirs
                groups[len(ours), len(theirs), same].append((ours, theirs))
            parts = []
            for (length, _, same), rows in groups.items():
                self.rng.shuffle(rows)
                size = max(4, TOKENS // length)
                parts += [(rows[i : i + size], same) for i in range(0, len(rows), size)]
            self.rng.shuffle(parts)
            for rows, same in parts:
                if len(rows) >= 4:
                    yield torch.tensor([r[0] for r in rows]), torch.tensor([r[1] for r in rows]), same


def ranks(x: np.ndarray) -> np.ndarray:
    """Ranks from 0."""
    return x.argsort().argsort().astype(np.float64)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation."""
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def encode(student: Student, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Sentence vectors of the student as it stands."""
    out = np.zeros((len(texts), 384), np.float32)
    groups = defaultdict(list)
    for i, e in enumerate(tokenizer.encode_batch(texts)):
        groups[len(e.ids[:MAX_TOKENS])].append((i, e.ids[:MAX_TOKENS]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for rows in groups.values():
            for k in range(0, len(rows), 64):
                part = rows[k : k + 64]
                out[[i for i, _ in part]] = student(torch.tensor([ids for _, ids in part])).float().numpy()
    return out


def compare(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Mean cosine of centred vectors, and Spearman of the cosines of 5,000 random pairs."""
    rng = np.random.default_rng(seed)
    i, j = rng.integers(0, len(ours), (2, 5000))
    a, b = unit(ours), unit(theirs)
    return {
        "cosine": float((a * b).sum(1).mean()),
        "spearman": spearman((a[i] * a[j]).sum(1), (b[i] * b[j]).sum(1)),
    }


@torch.no_grad()
def warm_start(student: Student, pieces: list[int], run: Path) -> None:
    """Weights of another run of the same layers; pieces unknown there stay the teacher's, other grids are new."""
    state = torch.load(run / "last.pt", weights_only=True)["model"]
    row = {piece: i for i, piece in enumerate(json.loads((run / "pieces.json").read_text()))}
    known = [i for i, piece in enumerate(pieces) if piece in row]
    theirs = [row[pieces[i]] for i in known]
    for name, value in student.named_parameters():
        if name == "words.weight":
            value[known] = state[name][theirs]
        elif not name.endswith("scale"):
            value.copy_(state[name])
    for name, module in student.named_modules():
        if isinstance(module, Grid):
            module.scale.copy_(first_scale(module.weight, module.levels).log())
            ours, there = (known, theirs) if name == "words" else (slice(None), slice(None))
            same = module.levels[ours] == state[name + ".levels"][there]
            module.scale[ours] = torch.where(same, state[name + ".scale"][there], module.scale[ours])


def main() -> None:
    """Train until the time is spent."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--data", type=Path, default=SHARED)
    p.add_argument("--projection", type=Path, default=MODEL / "text-projection.npz")
    p.add_argument("--minutes", type=float, default=45)
    p.add_argument("--lr", type=float, default=3e-4)
    p.add_argument("--layers", type=int, nargs="*", default=LAYERS)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--start", type=Path, help="folder of a run to start from, of any vocabulary")
    p.add_argument("--resume", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.layers = tuple(args.layers)
    teacher = Teacher()
    tokenizer = Tokenizer.from_file(str(args.out / "tokenizer.json"))
    pieces = json.loads((args.out / "pieces.json").read_text())
    student = Student(teacher.w, pieces, args.layers)
    corpus = read_corpus(args.data)
    print({k: len(v) for k, v in corpus.train.items()}, sum(x.numel() for x in student.parameters()), flush=True)
    rng = random.Random(5)
    held = {k: rng.sample(v, 200) for k, v in corpus.held.items()}
    truth = {k: teacher.encode(v) for k, v in held.items()}
    with np.load(args.projection) as f:
        centre_np, projection = f["centre"].astype(np.float32), torch.from_numpy(f["weight"].T.astype(np.float32))
    centre = torch.from_numpy(centre_np)
    scales = [q for n, q in student.named_parameters() if n.endswith("scale")]
    plain = [q for n, q in student.named_parameters() if not n.endswith("scale")]
    groups = [{"params": plain, "weight_decay": 0.01}, {"params": scales, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.98))
    spent, step = 0.0, 0
    last = args.out / "last.pt"
    if args.start:
        warm_start(student, pieces, args.start)
    if args.resume and last.exists():
        state = torch.load(last, weights_only=True)
        student.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        spent, step = state["spent"], state["step"]
    # With a resumed run the stream starts elsewhere, so that no text is favoured.
    stream = Stream(corpus.train, tokenizer, teacher, pieces, args.seed + step).batches()
    began, saved, seen, sums = time.time() - spent, time.time(), 0, defaultdict(float)

    def report() -> None:
        student.eval()
        for name, texts in held.items():
            made, line = encode(student, tokenizer, texts), f"    held {name:8}"
            for m in (np.eye(384), projection.numpy()):
                r = compare((made - centre_np) @ m, (truth[name] - centre_np) @ m)
                line += f" [{len(m.T)}] " + " ".join(f"{k} {v:.4f}" for k, v in r.items())
            print(line, flush=True)
        student.train()

    def save() -> None:
        state = {"model": student.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
        torch.save({**state, "spent": time.time() - began, "layers": args.layers}, last)

    while (share := (time.time() - began) / (60 * args.minutes)) < 1:
        rate = args.lr * min(1, (step + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        ours, theirs, same = next(stream)
        with torch.autocast("cpu", torch.bfloat16):
            target = teacher.states(theirs)
            states = student.states(ours)
        t, s = target[-1].float().mean(1) - centre, states[-1].float().mean(1) - centre
        parts = {"pooled": 0.0, "pairs": 0.0}
        # As sentences, and as the image tower's projection sees them.
        for a, b in ((s, t), (s @ projection, t @ projection)):
            a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
            parts["pooled"] += 3 * (1 - (a * b).sum(-1)).mean()
            parts["pairs"] += 15 * F.mse_loss(a @ a.T, b @ b.T)
        if same:
            parts["tokens"] = F.mse_loss(states[-1].float(), target[-1].float()) / target[-1].float().var()
            inner = [
                F.mse_loss(a.float(), target[i].float()) / target[i].float().var()
                for a, i in zip(states[:-1], args.layers, strict=False)
            ]
            parts["inner"] = 0.5 * sum(inner) / len(inner)
        loss = sum(parts.values())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain, 1.0)
        optimiser.step()
        step, seen = step + 1, seen + len(ours)
        for k, v in parts.items():
            sums[k] += v.item()
            sums["n " + k] += 1
        if step % 50 == 0:
            shown = " ".join(f"{k} {sums[k] / sums['n ' + k]:.4f}" for k in ("pooled", "pairs", "tokens", "inner"))
            print(f"step {step} {(time.time() - began) / 60:.1f} min {seen} texts {shown}", flush=True)
            sums.clear()
        if time.time() - saved > 120:
            save()
            saved = time.time()
        if step % 400 == 0:
            report()
    save()
    report()


if __name__ == "__main__":
    main()
