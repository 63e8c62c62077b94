"""Trains the flow map of the tutorials in PyTorch, and samples it for Oxbow to sample to the same points.

    pip install torch numpy safetensors
    python train_tutorial.py --out tutorial
    npx oxbow import tutorial/weights.safetensors --convention flow-map --out runs/tutorial
    npx oxbow sample runs/tutorial --start tutorial/noise.npy --steps 4 --out tutorial/oxbow.npy
    python train_tutorial.py --out tutorial --compare tutorial/oxbow.npy

Time runs from noise (0) to data (1) here, X(x, s, t) = x + (t - s) v(x, s, t), as in Boffi et al. 2025, arXiv:2505.18825;
the objective is progressive self-distillation with flow matching on the diagonal.
"""

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file


class FlowMap(torch.nn.Module):
    def __init__(self, dimension=2, hidden=192, frequencies=4):
        super().__init__()
        self.frequencies = frequencies
        self.net = torch.nn.Sequential(
            torch.nn.Linear(dimension + 4 * frequencies, hidden),
            torch.nn.SiLU(),
            torch.nn.Linear(hidden, hidden),
            torch.nn.SiLU(),
            torch.nn.Linear(hidden, dimension),
        )

    def features(self, t):
        angles = t * torch.pi * 2.0 ** torch.arange(self.frequencies, dtype=t.dtype)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)

    def velocity(self, x, s, t):
        return self.net(torch.cat([x, self.features(s), self.features(t)], dim=-1))

    def forward(self, x, s, t):
        return x + (t - s) * self.velocity(x, s, t)


def ring(count):
    angle = 2 * torch.pi * torch.rand(count, 1)
    radius = 2 + 0.1 * torch.randn(count, 1)
    return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=-1)


def train(model, steps, batch):
    target = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        x1, eps = ring(batch), torch.randn(batch, 2)
        s = torch.rand(batch, 1) * 0.95
        t = s + (1 - s) * torch.rand(batch, 1)
        m = (s + t) / 2
        x = (1 - s) * eps + s * x1
        with torch.no_grad():
            end = target(target(x, s, m), m, t)
        diagonal = (model.velocity(x, s, s) - (x1 - eps)).square().mean()
        loss = diagonal + (model(x, s, t) - end).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for average, new in zip(target.parameters(), model.parameters()):
                average.lerp_(new, 0.005)
    return target


@torch.no_grad()
def sample(model, noise, steps):
    x = noise
    for i in range(steps):
        s, t = (torch.full((len(x), 1), k / steps) for k in (i, i + 1))
        x = model(x, s, t)
    return x


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--compare", type=Path, help="samples of Oxbow, to compare in place of training")
    options = parser.parse_args()
    if options.compare:
        difference = np.abs(np.load(options.compare) - np.load(options.out / "samples.npy"))
        print(f"largest difference: {difference.max():.1e}")
        return
    torch.manual_seed(0)
    model = train(FlowMap(hidden=options.hidden), options.steps, options.batch)
    noise = torch.randn(options.count, 2)
    options.out.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), options.out / "weights.safetensors")
    np.save(options.out / "noise.npy", noise.numpy())
    np.save(options.out / "samples.npy", sample(model, noise, 4).numpy())


if __name__ == "__main__":
    main()
