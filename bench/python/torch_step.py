"""PyTorch beside `oxbow bench`: one training step of the ring experiment, timed on request.

A worker: one JSON document per line on stdin, one answer per line on stdout (`README.md` has the protocol).
`python torch_step.py --check DIR` instead proves it against the golden fixtures in DIR, in float64.
"""

import ctypes
import sys
from types import SimpleNamespace

import torch

import common
from dit_torch import DitMap, TextMap
from flow_torch import OBJECTIVES, FlowMap, Teacher, eager_jvp, on_path


def keep_memory():
    """Asks glibc to keep freed memory instead of handing it back to the system after every step.

    Eager PyTorch allocates each intermediate anew; above a few hundred kilobytes that means page faults in every
    operation, up to a third of a step at batch 4,096. PyTorch's CPU tuning guide says to change the allocator for this.
    """
    m_trim_threshold, m_mmap_threshold = -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # not glibc
    mallopt(m_mmap_threshold, 1 << 30)
    mallopt(m_trim_threshold, 1 << 30)


def tensors(layers, dtype):
    return [tuple(torch.tensor(values, dtype=dtype) for values in layer) for layer in layers]


def make_networks(layers, freqs, dtype):
    """The student, its moving average and the teacher, as far as their layers are given."""
    student = FlowMap(tensors(layers["student"], dtype), freqs, requires_grad=True)
    target = FlowMap(tensors(layers["target"], dtype), freqs) if "target" in layers else student.copy()
    teacher = Teacher(tensors(layers["teacher"], dtype), freqs) if "teacher" in layers else None
    return SimpleNamespace(student=student, target=target, teacher=teacher)


def adam(parameters, rate):
    """Adam with one fused kernel per parameter list, which beats the multi-tensor form; PyTorch 1 lacks it on a CPU."""
    try:
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    except RuntimeError:
        return torch.optim.Adam(parameters, lr=rate, foreach=True)


def average(averages, parameters, weight):
    """`averages += weight (parameters - averages)` for all at once."""
    if hasattr(torch, "_foreach_lerp_"):
        torch._foreach_lerp_(averages, parameters, weight)
    else:  # PyTorch 1
        torch._foreach_mul_(averages, 1 - weight)
        torch._foreach_add_(averages, parameters, alpha=weight)


def make_step(options, nets):
    """The loss, and the whole step: loss, backward, Adam and the moving average."""
    objective = OBJECTIVES[options["objective"]]
    jvp = torch.func.jvp if options["compile"] else eager_jvp
    k = common.diagonal_rows(options)
    fraction = k and options["diagonal"]
    off_diagonal = (1 - fraction) * options["weight"]
    parameters, averages = nets.student.parameters, nets.target.parameters
    optimizer = adam(parameters, options["lr"])

    def loss_of(x0, eps, s, t, m):
        diagonal, consistency = objective(nets, on_path(x0, eps, s, t, m), k, jvp)
        if consistency is None:
            return diagonal
        loss = off_diagonal * consistency
        return loss if diagonal is None else fraction * diagonal + loss

    if options["compile"]:
        torch.compiler.reset()  # each setup compiles anew, whatever the earlier ones did
        loss_of = torch.compile(loss_of, fullgraph=True, dynamic=False)

    def step(batch):
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            average(averages, parameters, 1 - options["ema"])
        return loss

    return loss_of, step


INPUTS = ("x0", "eps", "s", "t", "m")


def draw(options):
    """Networks and batches of the ring experiment."""
    nets = make_networks(common.draw_networks(options), options["freqs"], torch.float32)
    batches = common.draw_batches(options)
    return nets, [[torch.tensor(batch[key], dtype=torch.float32) for key in INPUTS] for batch in batches]


def read_named(options):
    """The arrays that `oxbow bench` wrote down."""
    return {
        name: torch.frombuffer(data, dtype=torch.float32).reshape(shape).clone()
        for name, (shape, data) in common.read_arrays(options["arrays"]).items()
    }


def network_of(options, named, prefix, requires_grad=False):
    own = {name.removeprefix(prefix): array for name, array in named.items() if name.startswith(prefix)}
    if options["size"] is not None:
        return DitMap(options, own, requires_grad)
    if options["length"] is not None:
        return TextMap(options, own, requires_grad)
    layers = [(own[f"{i}.weight"], own[f"{i}.bias"]) for i in range(len(own) // 2)]
    return FlowMap(layers, options["freqs"], requires_grad)


def read(options):
    """Networks and batches that `oxbow bench` wrote down."""
    named = read_named(options)
    student = network_of(options, named, "student.", requires_grad=True)
    nets = SimpleNamespace(student=student, target=network_of(options, named, "target."), teacher=None)
    count = 1 + max(int(name.split(".")[1]) for name in named if name.startswith("batch."))
    return nets, [[named[f"batch.{i}.{key}"] for key in INPUTS] for i in range(count)]


def sampling(options):
    """Noise to data in some jumps, all points at once."""
    named = read_named(options)
    network, noise = network_of(options, named, "student."), named["noise"]

    def sample(x):
        for s, t in common.grid(options["jumps"]):
            x = network.jump(x, x.new_full((len(x), 1), s), x.new_full((len(x), 1), t))
        return x

    if options["compile"]:
        torch.compiler.reset()
        sample = torch.compile(sample, fullgraph=True, dynamic=False)

    def first():
        with torch.inference_mode():
            return {"loss": sample(noise).square().mean().item()}

    def run(steps):
        with torch.inference_mode():
            for _ in range(steps):
                x = sample(noise)
        return steps, x[0, 0].item()

    return sum(p.numel() for p in network.parameters), run, first


def setup(options):
    torch.set_num_threads(options["threads"])
    if options["allocator"] == "kept":
        keep_memory()
    if options["objective"] == "sample":
        return sampling(options)
    given = options["arrays"] is not None
    nets, batches = read(options) if given else draw(options)
    loss_of, step = make_step(options, nets)
    position = 0

    def first():
        """What the first step sees, for another program to compare with."""
        loss = loss_of(*batches[0])
        gradients = torch.autograd.grad(loss, nets.student.parameters)
        norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
        return {"loss": loss.item(), "gradientNorm": norm.item()}

    def run(steps):
        nonlocal position
        for _ in range(steps):
            loss = step(batches[position])
            position = (position + 1) % len(batches)
        return steps, loss.item()

    count = sum(p.numel() for p in nets.student.parameters)
    return (count, run, first) if given else (count, run)


def loss_and_gradients(term, layers, batch, freqs):
    """The consistency term alone, in float64, for the golden fixtures."""
    nets = make_networks(layers, freqs, torch.float64)
    path = on_path(**{key: torch.tensor(values, dtype=torch.float64) for key, values in batch.items()})
    _, loss = OBJECTIVES[term](nets, path, 0, eager_jvp)
    flat = torch.autograd.grad(loss, nets.student.parameters, materialize_grads=True)
    return loss.item(), [(w.tolist(), b.tolist()) for w, b in zip(flat[::2], flat[1::2])]


if __name__ == "__main__":
    sys.exit(common.main("torch", torch.__version__, setup, loss_and_gradients))
