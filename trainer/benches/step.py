"""Milliseconds a step of the `conv` network in PyTorch, as `step.rs` measures them for vqz-train: the same layers, the same
shapes, AdamW with gradient clipping and averaged weights. Run: python trainer/benches/step.py"""

import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BANDS, PATCH, BLOCK, WIDTH, BLOCKS, CROPS, SIDE = 12, 16, 8, 64, 2, 8, 128
WARMUP, STEPS = 5, 40


def depth_to_space(x, f):
    n, c, h, w = x.shape
    return x.reshape(n, f, f, c // (f * f), h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // (f * f), h * f, w * f)


def space_to_depth(x, f):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // f, f, w // f, f).permute(0, 3, 5, 1, 2, 4).reshape(n, c * f * f, h // f, w // f)


class Linear(nn.Module):
    """A DCT of each band's patches, then a matrix across bands for each frequency. What the matrices hold costs nothing."""

    def __init__(self):
        super().__init__()
        k, i = torch.arange(PATCH).float()[:, None], torch.arange(PATCH).float()
        dct = torch.cos(math.pi * (2 * i + 1) * k / (2 * PATCH)) * math.sqrt(2 / PATCH)
        dct[0] /= math.sqrt(2)
        mix = torch.linalg.qr(torch.randn(PATCH * PATCH, BANDS, BANDS)).Q
        self.register_buffer("dct", dct)
        self.register_buffer("mix", mix.contiguous())

    def analyse(self, x):
        columns = (x.reshape(len(x), BANDS, -1, PATCH) @ self.dct.T).reshape(x.shape)
        planes = space_to_depth(columns, PATCH)
        rows = self.dct @ planes.reshape(len(x), PATCH, -1)
        rows = rows.reshape(len(x), PATCH * PATCH, BANDS, -1)
        return (self.mix @ rows).reshape(planes.shape)

    def synthesise(self, z):
        values = z.reshape(len(z), PATCH * PATCH, BANDS, -1)
        rows = (self.mix.transpose(1, 2) @ values).reshape(len(z), PATCH, -1)
        placed = depth_to_space((self.dct.T @ rows).reshape(z.shape), PATCH)
        return (placed.reshape(len(z), BANDS, -1, PATCH) @ self.dct).reshape(placed.shape)


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        planes = BANDS * BLOCK * BLOCK
        self.enter = nn.Conv2d(planes, WIDTH, 1)
        self.gains = nn.ParameterList([torch.ones(1, WIDTH, 1, 1), *(torch.zeros(1, WIDTH, 1, 1) for _ in range(2))])
        self.convs = nn.ModuleList([nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(2 * BLOCKS)])
        self.leave = nn.Conv2d(WIDTH, planes, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, p, step):
        blocks = space_to_depth(p, BLOCK)
        around = F.avg_pool2d(F.avg_pool2d(p, BLOCK), 3, 1, 1, count_include_pad=False)
        d = blocks.reshape(len(p), BLOCK * BLOCK, BANDS, -1) - around.reshape(len(p), 1, BANDS, -1)
        d = (d / (d.abs() + 8)).reshape(blocks.shape)
        log = step.log() / 4
        h = self.enter(d) * (self.gains[0] + self.gains[1] * log + self.gains[2] * log * log)
        for first, second in zip(self.convs[::2], self.convs[1::2]):
            h = h + second(F.silu(first(F.silu(h))))
        return depth_to_space(self.leave(F.silu(h)), BLOCK)


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    linear, branch = Linear().to(device), Branch().to(device)
    weights = list(branch.parameters())
    adam = torch.optim.AdamW(weights, lr=2e-3, betas=(0.9, 0.99), weight_decay=0)
    averages = [w.detach().clone() for w in weights]
    # A batch as a loader gives it: samples in data units, all valid.
    batch = np.random.default_rng(0).normal(1500, 700, (CROPS, BANDS, SIDE, SIDE)).astype(np.float32)
    offset, scale = (torch.full((1, BANDS, 1, 1), v, device=device) for v in (1500.0, 700.0))
    for step_number in range(WARMUP + STEPS):
        if step_number == WARMUP:
            begun = time.perf_counter()
        x = (torch.from_numpy(batch.copy()).to(device) - offset) / scale
        valid = torch.ones_like(x)
        step = torch.full((1,), 0.1, device=device)
        with torch.no_grad():
            z = linear.analyse(x) / step
            codes = (z.abs() + 0.4).floor() * z.sign()
        p = linear.synthesise(codes)
        y = (p + branch(p, step)) * step
        loss = ((y - x).square() * valid).sum() / valid.sum()
        total = loss / loss.item()
        total.item()
        adam.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(weights, 1.0).item()
        adam.step()
        with torch.no_grad():
            for average, weight in zip(averages, weights):
                average.lerp_(weight, 0.002)
    seconds = time.perf_counter() - begun
    print(f"{device}, {torch.get_num_threads()} threads, {CROPS} crops of {SIDE}x{SIDE}: {seconds * 1e3 / STEPS:.2f} ms a step")


if __name__ == "__main__":
    main()
