"""The published ring experiment in PyTorch for one objective, as a reference for `oxbow compare`.

    python ring_reference.py --objective psd [--seed 0] [--steps 6000] [--count 100000]

Eight Gaussians of deviation 0.15 on a circle of radius 4. Perceptrons with two hidden layers of 192 and 8 time
frequencies, Adam 1e-3, in float32 on one thread. `semigroup`, `lmd-discrete`, `emd-discrete` and `euler` first train
a teacher velocity (8,000 steps of 256); `psd`, `lsd` and `esd` need none. Prints the sliced Wasserstein distance to
the data at 1, 2, 4 and 8 jumps, for the raw weights and for their moving average.
"""

import argparse
import json
import math
import sys
import time
from types import SimpleNamespace

import torch

from flow_torch import OBJECTIVES, FlowMap, Teacher, eager_jvp, flow_matching, mse, on_path, tail

HIDDEN, LAYERS, FREQS = 192, 2, 8
RATE, DECAY, DIAGONAL = 1e-3, 0.995, 0.3
NFE = (1, 2, 4, 8)


def ring(count):
    angle = 2 * math.pi * torch.randint(8, (count, 1)) / 8
    return 4 * torch.cat([angle.cos(), angle.sin()], 1) + 0.15 * torch.randn(count, 2)


def draw_layers(inputs):
    """Weights and biases uniform within 1 / sqrt(fan in)."""
    sizes = [inputs, *[HIDDEN] * LAYERS, 2]
    layers = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        bound = 1 / math.sqrt(fan_in)
        layers.append(tuple(torch.empty(shape).uniform_(-bound, bound) for shape in ((fan_out, fan_in), (fan_out,))))
    return layers


def train_teacher(steps, batch):
    """Flow matching with times uniform on [0, 1]."""
    teacher = Teacher(draw_layers(2 + 2 * FREQS), FREQS, requires_grad=True)
    optimizer = torch.optim.Adam(teacher.parameters, lr=RATE, fused=True)
    for _ in range(steps):
        x0, eps, s = ring(batch), torch.randn(batch, 2), torch.rand(batch, 1)
        loss = mse(teacher.velocity((1 - s) * x0 + s * eps, s) - (eps - x0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Teacher([tuple(p.detach() for p in layer) for layer in teacher.layers], FREQS)


def teacher_velocity(nets, batch, k):
    """`mse(V(x_s,s,s) - v_phi(x_s,s))` on the first `k` rows."""
    x, s = batch.x[:k], batch.s[:k]
    with torch.no_grad():
        v = nets.teacher.velocity(x, s)
    return mse(nets.student.velocity(x, s) - v)


def semigroup(nets, batch, k, jvp):
    """`psd` whose diagonal is the teacher's velocity."""
    _, consistency = OBJECTIVES["psd"](nets, tail(batch, k), 0, jvp)
    return teacher_velocity(nets, batch, k), consistency


def lmd_discrete(nets, batch, k, jvp):
    """`xm = F-(x_s,s,m)`, `mse(F(x_s,s,t) - sg[xm + (t-m) v_phi(xm,m)])`."""
    b = tail(batch, k)
    with torch.no_grad():
        xm = nets.target.jump(b.x, b.s, b.m)
        goal = xm + (b.t - b.m) * nets.teacher.velocity(xm, b.m)
    return teacher_velocity(nets, batch, k), mse(nets.student.jump(b.x, b.s, b.t) - goal)


def emd_discrete(nets, batch, k, jvp):
    """`xm = x_s + (m-s) v_phi(x_s,s)`, `mse(F(x_s,s,t) - sg[F-(xm,m,t)])`."""
    b = tail(batch, k)
    with torch.no_grad():
        xm = b.x + (b.m - b.s) * nets.teacher.velocity(b.x, b.s)
        goal = nets.target.jump(xm, b.m, b.t)
    return teacher_velocity(nets, batch, k), mse(nets.student.jump(b.x, b.s, b.t) - goal)


def esd(nets, batch, k, jvp):
    """`mse(d_s F + sg[J_x F . u])`; the spatial product keeps its gradient with `--spatial-gradient`."""
    b = tail(batch, k)
    with torch.no_grad():
        u = nets.target.velocity(b.x, b.s)
        _, spatial = jvp(lambda x: nets.student.jump(x, b.s, b.t), (b.x,), (u,))
    _, temporal = jvp(lambda s: nets.student.jump(b.x, s, b.t), (b.s,), (torch.ones_like(b.s),))
    return flow_matching(nets.student, batch, k), mse(temporal + spatial)


DISTILLED = {"semigroup": semigroup, "lmd-discrete": lmd_discrete, "emd-discrete": emd_discrete}
SELF_DISTILLED = {"psd": OBJECTIVES["psd"], "lsd": OBJECTIVES["lsd"], "esd": esd}


def draw(options):
    """A batch with its diagonal rows first, and the number of those rows; `esd` keeps a quarter of the others."""
    k = math.floor(DIAGONAL * options.batch)
    rows = options.batch
    if options.objective == "esd":
        rows = k + (rows - k) // 4
    s = 0.05 + 0.95 * torch.rand(rows, 1)
    t = s * torch.rand(rows, 1)
    t[:k] = s[:k]
    m = t + (0.2 + 0.6 * torch.rand(rows, 1)) * (s - t)
    return on_path(ring(rows), torch.randn(rows, 2), s, t, m), k


def train_map(options, teacher):
    """The student and its moving average."""
    student = FlowMap(draw_layers(2 + 4 * FREQS), FREQS, requires_grad=True)
    nets = SimpleNamespace(student=student, target=student.copy(), teacher=teacher)
    objective = {**DISTILLED, **SELF_DISTILLED}[options.objective]
    if options.spatial_gradient:
        objective = OBJECTIVES["esd"]
    off_diagonal = options.weight
    diagonal_weight = 1.0
    if options.weighting == "fractions":
        diagonal_weight, off_diagonal = DIAGONAL, (1 - DIAGONAL) * options.weight
    optimizer = torch.optim.Adam(student.parameters, lr=RATE, fused=True)
    for step in range(options.steps):
        batch, k = draw(options)
        diagonal, consistency = objective(nets, batch, k, eager_jvp)
        loss = diagonal_weight * diagonal + off_diagonal * consistency
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(nets.target.parameters, student.parameters, 1 - DECAY)
        if (step + 1) % 1000 == 0:
            print(f"step {step + 1}: diagonal {diagonal:.4f}, consistency {consistency:.5f}", file=sys.stderr)
    return student, nets.target


def times(steps):
    """A uniform grid from 1 to 0 as columns of one row."""
    return torch.linspace(1, 0, steps + 1).reshape(-1, 1, 1)


@torch.no_grad()
def jump(network, x, steps):
    """`steps` jumps from noise to data."""
    grid = times(steps)
    for s, t in zip(grid, grid[1:]):
        x = network.jump(x, s.expand(len(x), 1), t.expand(len(x), 1))
    return x


@torch.no_grad()
def euler(teacher, x, steps):
    """`steps` Euler steps on the teacher's velocity."""
    grid = times(steps)
    for s, t in zip(grid, grid[1:]):
        x = x + (t - s) * teacher.velocity(x, s.expand(len(x), 1))
    return x


def sliced_wasserstein(a, b, projections=128):
    """Root of the mean squared difference of sorted projections on random directions."""
    directions = torch.randn(2, projections)
    directions = directions / directions.norm(dim=0)
    return (a @ directions).sort(0).values.sub((b @ directions).sort(0).values).square().mean().sqrt().item()


def score(sample, options, steps):
    """The distance between samples and as many fresh data points."""
    noise = torch.randn(options.count, 2)
    return [round(sliced_wasserstein(sample(noise, n), ring(options.count)), 4) for n in steps]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objective", required=True, choices=[*DISTILLED, *SELF_DISTILLED, "euler"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--teacher-steps", type=int, default=8000)
    parser.add_argument("--weight", type=float, help="of the consistency term: lsd 0.02, esd 0.1, others 1")
    parser.add_argument(
        "--weighting",
        choices=("fractions", "sum"),
        default="fractions",
        help="0.3 diagonal + 0.7 w consistency, or diagonal + w consistency",
    )
    parser.add_argument("--spatial-gradient", action="store_true", help="esd: keep the gradient of J_x F . u")
    options = parser.parse_args()
    if options.spatial_gradient and options.objective != "esd":
        parser.error("--spatial-gradient is for esd")
    if options.weight is None:
        options.weight = {"lsd": 0.02, "esd": 0.1}.get(options.objective, 1.0)
    return options


def main():
    options = parse()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    start = time.perf_counter()
    needs_teacher = options.objective in DISTILLED or options.objective == "euler"
    teacher = train_teacher(options.teacher_steps, 256) if needs_teacher else None
    result = {"objective": options.objective, "seed": options.seed, "count": options.count}
    if options.objective == "euler":
        steps = (*NFE, 250)
        result |= {"nfe": steps, "teacher": score(lambda x, n: euler(teacher, x, n), options, steps)}
    else:
        raw, ema = train_map(options, teacher)
        result |= {"weight": options.weight, "weighting": options.weighting, "nfe": NFE}
        result |= {"spatialGradient": options.spatial_gradient} if options.objective == "esd" else {}
        for name, network in (("raw", raw), ("ema", ema)):
            result[name] = score(lambda x, n: jump(network, x, n), options, NFE)
    floor = sliced_wasserstein(ring(options.count), ring(options.count))
    print(json.dumps({**result, "floor": round(floor, 4), "seconds": round(time.perf_counter() - start)}))


if __name__ == "__main__":
    main()
