#!/usr/bin/env python3
"""Train the dual encoder: `python train.py --data DIR --minutes 60`.

Two stages. First the heads on frozen features of a few augmented views (minutes), then the last
blocks of the trunk with fresh augmentation until the time budget is spent. Checkpoints after every
epoch; `--resume` goes on from the last one with the remaining time.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from termlens_training import metrics
from termlens_training.banks import BANKS
from termlens_training.data import CACHE, KINDS, Pixels, read_rows
from termlens_training.images import augment, preprocess, to_array
from termlens_training.lite import published
from termlens_training.losses import Loss
from termlens_training.model import DualEncoder
from termlens_training.supervision import Supervision


def arguments() -> argparse.Namespace:
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="data set directory")
    p.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    p.add_argument("--banks", type=Path, default=BANKS, help="term banks")
    p.add_argument("--minutes", type=float, default=60, help="time of the fine-tune")
    p.add_argument("--side", type=int, default=160, help="input side while training")
    p.add_argument("--test-side", type=int, default=192, help="input side while scoring")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--open-only", action="store_true", help="leave the restricted pictures out")
    p.add_argument("--freeze", type=int, default=5, help="blocks of the trunk that stay as published")
    p.add_argument("--batch", type=int, default=96, help="of all workers together")
    p.add_argument("--lr", type=float, default=3e-4)
    p.add_argument("--head-lr", type=float, default=1e-3)
    p.add_argument("--decay", type=float, default=0.02)
    p.add_argument("--drop-path", type=float, default=0.05)
    p.add_argument("--dropout", type=float, default=0.3)
    p.add_argument("--views", type=int, default=3, help="augmented views of the first stage")
    p.add_argument("--head-epochs", type=int, default=30)
    p.add_argument("--workers", type=int, default=2, help="one-thread processes that share each fine-tuning step")
    p.add_argument("--resume", action="store_true")
    return p.parse_args()


@torch.no_grad()
def features(trunk, pixels: Pixels, rows: list[int], side: int, view: int) -> torch.Tensor:
    """Pooled features of a view of every row: 0 the centre, others augmented."""

    def one(i):
        if view == 0:
            return preprocess(pixels[i], side)
        return to_array(augment(pixels[i], side, random.Random(f"{view}-{i}")))

    trunk.eval()
    out = []
    with ThreadPoolExecutor(2) as pool:
        for at in range(0, len(rows), 64):
            x = torch.from_numpy(np.stack(list(pool.map(one, rows[at : at + 64]))))
            with torch.autocast("cpu", torch.bfloat16):
                out.append(trunk(x.contiguous(memory_format=torch.channels_last)).float())
    return torch.cat(out)


def cached(name: str, make) -> torch.Tensor:
    """`make()`, kept in the cache as 16-bit floats."""
    file = CACHE / f"{name}.pt"
    if not file.exists():
        torch.save(make().half(), file)
    return torch.load(file, weights_only=True).float()


def soft_classes(pixels: Pixels, rows: list[int], key: str) -> torch.Tensor:
    """ImageNet probabilities of the larger Lite2 at 224 px: soft labels on every picture."""

    def make():
        teacher = published(2).to(memory_format=torch.channels_last)
        logits = teacher.fc(features(teacher, pixels, rows, 224, 0)).detach()
        return logits

    return cached(f"lite2-{key}", make).softmax(-1)


def validate(model, sup, rows, val, images) -> dict[str, float]:
    """Metrics of the validation rows, image vectors given."""
    with torch.no_grad():
        labels = {k: model.text_head(sup.scored(k)).numpy() for k in KINDS}
        texts = [c for i in val for c in rows[i].captions]
        at = [c for i in val for c in sup.captions[i]]
        captions = model.text_head(sup.vectors[torch.tensor(at)]).numpy() if at else None
    part = [rows[i] for i in val]
    return metrics.score(images.numpy(), part, sup.vocabulary, labels, texts, captions)["metrics"]


def line(m: dict) -> str:
    """Metrics in one line, percent."""
    return " ".join(f"{k.replace('_', ' ')} {100 * v:.1f}" for k, v in m.items() if v is not None)


def summary(m: dict) -> float:
    """The number by which checkpoints are compared: the mean of all metrics."""
    values = [v for v in m.values() if v is not None]
    return sum(values) / len(values)


class Average:
    """Exponential moving average of the parameters."""

    def __init__(self, model, decay=0.998):
        self.decay, self.steps = decay, 0
        self.values = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        """Move towards the model; quickly at first."""
        self.steps += 1
        d = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for k, v in model.state_dict().items():
            self.values[k].lerp_(v, 1 - d)

    def apply(self, model):
        """Put the average into the model and return what was there."""
        old = {k: v.detach().clone() for k, v in model.state_dict().items()}
        model.load_state_dict(self.values)
        return old


def train_heads(args, model, sup, rows, train, val, views, centre_val, soft):
    """First stage: image and text heads on frozen features."""
    rng = random.Random(args.seed)
    loss = Loss(sup, train, args.seed)
    head = [*model.image_head.parameters(), *model.text_head.parameters(), model.log_scale, model.kind_scale]
    opt = torch.optim.AdamW(head, lr=1e-3, weight_decay=args.decay)
    size = 512
    total = args.head_epochs * math.ceil(len(train) / size)
    step = 0
    with torch.no_grad():
        logits = [model.lite.fc(v) for v in views]
    for epoch in range(args.head_epochs):
        model.train()
        order = rng.sample(range(len(train)), len(train))
        for at in range(0, len(order), size):
            part = order[at : at + size]
            for g in opt.param_groups:
                g["lr"] = 1e-3 * min(1, (step + 1) / 30) * (0.5 + 0.5 * math.cos(math.pi * step / total))
            v = rng.randrange(len(views))
            names = loss.class_vectors(model)
            z = model.image_head(views[v][part], logits[v][part], names)
            parts = loss(model, z, names, [train[j] for j in part], soft[[train[j] for j in part]])
            opt.zero_grad()
            sum(parts.values()).backward()
            opt.step()
            step += 1
        if epoch % 5 == 4 or epoch == args.head_epochs - 1:
            model.eval()
            with torch.no_grad():
                z = model.head(centre_val, loss.class_vectors(model))
            m = validate(model, sup, rows, val, z)
            print(f"head {epoch + 1}/{args.head_epochs}", {k: round(float(p), 3) for k, p in parts.items()})
            print(f"  {summary(m):.4f} {line(m)}", flush=True)


def batches(args, pixels, train, epoch, side, rank):
    """Augmented batches of one epoch, this worker's share of each, prepared ahead in a thread."""
    rng = random.Random(f"{args.seed}-{epoch}")
    order = rng.sample(train, len(train))
    starts = range(0, len(order) - args.batch + 1, args.batch)
    parts = [order[at : at + args.batch][rank :: args.workers] for at in starts]

    def make(part):
        r = random.Random(f"{args.seed}-{epoch}-{part[0]}")
        return part, torch.from_numpy(np.stack([to_array(augment(pixels[i], side, r)) for i in part]))

    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(make, p) for p in parts[:4]]
        for k in range(len(parts)):
            if k + 4 < len(parts):
                waiting.append(pool.submit(make, parts[k + 4]))
            result = waiting.pop(0).result()
            yield len(parts), *result


def share_gradients(parameters, workers: int) -> None:
    """Replace every gradient by its mean over the workers."""
    if workers > 1:
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in grads])
        dist.all_reduce(flat)
        flat /= workers
        for g, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            g.copy_(part.view_as(g))


def fine_tune(rank, args, model, sup, rows, pixels, train, val, soft):
    """Second stage: the trunk's last blocks too, until the time is spent. One process of several."""
    torch.set_num_threads(1)
    torch.manual_seed(args.seed + rank)
    model = copy.deepcopy(model)  # what spawn hands over is shared memory
    if args.workers > 1:
        store = f"file://{args.out.resolve()}/meeting"
        dist.init_process_group("gloo", init_method=store, rank=rank, world_size=args.workers)
    for p in model.lite.fc.parameters():
        p.requires_grad_(False)
    for module in [model.lite.stem, *model.lite.blocks[: args.freeze]]:
        for p in module.parameters():
            p.requires_grad_(False)
    model.to(memory_format=torch.channels_last)
    trunk = [p for p in model.lite.parameters() if p.requires_grad]
    head = [p for n, p in model.named_parameters() if not n.startswith("lite.")]
    groups = [{"params": trunk, "top": args.lr}, {"params": head, "top": args.head_lr}]
    opt = torch.optim.AdamW(groups, lr=args.lr, weight_decay=args.decay)
    average, loss = Average(model), Loss(sup, train, args.seed + 1 + 100 * rank)
    state = {"epoch": 0, "spent": 0.0, "best": 0.0}
    last = args.out / "last.pt"
    if args.resume and last.exists():
        saved = torch.load(last, weights_only=True)
        model.load_state_dict(saved["model"])
        opt.load_state_dict(saved["optimizer"])
        average.values, average.steps = saved["average"], saved["steps"]
        state = saved["state"]
    budget, clock = args.minutes * 60, torch.zeros(1, dtype=torch.float64)
    while state["spent"] < budget:
        model.train()
        began, sums = time.time(), {}
        step = 0
        for count, part, x in batches(args, pixels, train, state["epoch"], args.side, rank):
            clock[0] = state["spent"] + time.time() - began
            if args.workers > 1:
                dist.broadcast(clock, 0)
            spent = float(clock[0])
            done = min(1.0, spent / budget)
            for g in opt.param_groups:
                warm = min(1.0, (average.steps + 1) / 100)
                g["lr"] = g["top"] * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * done)))
            with torch.autocast("cpu", torch.bfloat16):
                f = model.lite(x.contiguous(memory_format=torch.channels_last), args.drop_path)
            names = loss.class_vectors(model)
            z = model.head(f.float(), names)
            parts = loss(model, z, names, part, soft[part])
            opt.zero_grad()
            sum(parts.values()).backward()
            share_gradients(trunk + head, args.workers)
            torch.nn.utils.clip_grad_norm_(trunk + head, 5.0)
            opt.step()
            average.update(model)
            for k, v in parts.items():
                sums[k] = sums.get(k, 0.0) + float(v.detach())
            step += 1
            if step % 20 == 0 and rank == 0:
                print(f"  step {step}/{count} {spent / 60:.1f} min", flush=True)
            if spent >= budget:
                break
        state["spent"] = spent
        state["epoch"] += 1
        if rank:
            continue
        old = average.apply(model)
        with torch.no_grad():
            f = features(model.lite, pixels, val, args.test_side, 0)
            model.eval()
            m = validate(model, sup, rows, val, model.head(f, loss.class_vectors(model)))
        if summary(m) > state["best"]:
            state["best"] = summary(m)
            save(args, model, args.out / "best.pt", m)
        model.load_state_dict(old)
        torch.save(
            {"model": model.state_dict(), "optimizer": opt.state_dict(), "average": average.values,
             "steps": average.steps, "state": state}, last,
        )  # fmt: skip
        print(f"epoch {state['epoch']} {state['spent'] / 60:.1f} min", {k: round(v / step, 3) for k, v in sums.items()})
        print(f"  {summary(m):.4f} {line(m)}", flush=True)


def save(args, model, file, m):
    """Write the model with the settings that made it."""
    settings = {k: str(v) for k, v in vars(args).items()}
    torch.save({"model": model.state_dict(), "settings": settings, "metrics": m}, file)


def main() -> None:
    """Run both stages."""
    args = arguments()
    torch.set_num_threads(args.workers)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = [r for r in read_rows(args.data) if r.split in ("train", "val")]
    pixels = Pixels(args.data, rows)
    sup = Supervision(args.data, rows, args.banks)
    train = [i for i, r in enumerate(rows) if r.split == "train" and not (args.open_only and r.restricted)]
    val = [i for i, r in enumerate(rows) if r.split == "val"]
    print(len(train), "train", len(val), "val", len(sup.vectors), "texts", flush=True)
    model = DualEncoder(sup.centre, args.dropout)
    every = list(range(len(rows)))
    soft = soft_classes(pixels, every, str(len(rows)))
    heads = args.out / "heads.pt"
    if not (args.resume and heads.exists()):
        trunk = published(0).to(memory_format=torch.channels_last)
        views = [
            cached(f"lite0-{len(rows)}-{args.side}-{v}", lambda v=v: features(trunk, pixels, every, args.side, v))
            for v in range(args.views + 1)
        ]
        views = [v[train] for v in views] if args.views else views
        centre = cached(f"lite0-{len(rows)}-{args.side}-0", None)[val]
        train_heads(args, model, sup, rows, train, val, views, centre, soft)
        save(args, model, heads, {})
    else:
        model.load_state_dict(torch.load(heads, weights_only=True)["model"])
    if args.minutes > 0:
        (args.out / "meeting").unlink(missing_ok=True)
        job = (args, model, sup, rows, pixels, train, val, soft)
        if args.workers > 1:
            torch.multiprocessing.spawn(fine_tune, job, args.workers)
        else:
            fine_tune(0, *job)


if __name__ == "__main__":
    main()
