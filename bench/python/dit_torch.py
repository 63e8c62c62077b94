"""A transformer on the patches of pictures or the symbols of text (DiT, arXiv:2212.09748) in PyTorch, as fast as plain use of the library allows.

Pictures of one channel come as rows `[rows, size * size]`, times as columns `[rows, 1]`. Parameters by name, weights
`[out, in]`. The network sees both times, has adaLN-zero blocks, layer norm, GELU in its tanh form and fixed sine and cosine
positions; its output is the average velocity.
"""

import math

import torch
from torch.nn import functional

from flow_torch import FlowMap


def frequencies(count, dtype=torch.float32):
    """`10000^(-k / count)`."""
    return torch.exp(torch.arange(count, dtype=dtype) * (-math.log(10000) / count))


def positions(side, width):
    """`[enc(column), enc(row)]` of each patch, `enc(n) = [sin(n f), cos(n f)]`: `[side * side, width]`."""
    place = torch.arange(side, dtype=torch.float64)
    angle = place[:, None] * frequencies(width // 4, torch.float64)
    enc = torch.cat([angle.sin(), angle.cos()], 1)
    column = enc.repeat(side, 1)
    row = enc.repeat_interleave(side, 0)
    return torch.cat([column, row], 1).float()


class DitMap(FlowMap):
    """The average velocity `V(x, s, t)` of pictures and the jump `F` built on it."""

    def __init__(self, options, named, requires_grad=False):
        self.options = options
        self.named = {name: tensor.requires_grad_(requires_grad) for name, tensor in named.items()}
        self.parameters = list(self.named.values())
        self.table = self.places()
        self.scales = frequencies(options["frequencies"])
        # Fused attention has no forward-mode derivative.
        self.fused = options["objective"] != "meanflow"

    def places(self):
        self.side = self.options["size"] // self.options["patch"]
        return positions(self.side, self.options["width"])

    def linear(self, name, x):
        return functional.linear(x, self.named[f"{name}.weight"], self.named[f"{name}.bias"])

    def embed(self, name, time):
        angle = time * self.scales
        features = torch.cat([angle.cos(), angle.sin()], 1)
        return self.linear(f"{name}.1", functional.silu(self.linear(f"{name}.0", features)))

    def modulation(self, name, e, count):
        return self.linear(f"{name}.modulation", e).unsqueeze(1).chunk(count, 2)

    def modulated(self, h, shift, scale):
        return torch.addcmul(shift, functional.layer_norm(h, (self.options["width"],), eps=1e-6), 1 + scale)

    def attention(self, name, x):
        rows, tokens, width = x.shape
        heads = self.options["heads"]
        q, k, v = self.linear(f"{name}.qkv", x).reshape(rows, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        if self.fused:
            mixed = functional.scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(2, 3) * (width // heads) ** -0.5).softmax(3) @ v
        return self.linear(f"{name}.out", mixed.transpose(1, 2).reshape(rows, tokens, width))

    def block(self, name, h, e):
        b1, a1, g1, b2, a2, g2 = self.modulation(name, e, 6)
        h = h + g1 * self.attention(name, self.modulated(h, b1, a1))
        inner = functional.gelu(self.linear(f"{name}.mlp.0", self.modulated(h, b2, a2)), approximate="tanh")
        return h + g2 * self.linear(f"{name}.mlp.1", inner)

    def average(self, x, s, t):
        side, patch = self.side, self.options["patch"]
        rows = x.shape[0]
        patches = x.reshape(rows, side, patch, side, patch).transpose(2, 3).reshape(rows, side * side, patch * patch)
        out = self.through(patches, s, t)
        return out.reshape(rows, side, side, patch, patch).transpose(2, 3).reshape(rows, -1)

    def through(self, patches, s, t):
        """Patches `[rows, tokens, numbers]` through all blocks and the last layer."""
        h = self.linear("patch", patches) + self.table
        e = functional.silu(self.embed("time.0", s) + self.embed("time.1", t))
        for i in range(self.options["depth"]):
            h = self.block(f"blocks.{i}", h, e)
        shift, scale = self.modulation("final", e, 2)
        return self.linear("final.out", self.modulated(h, shift, scale))

    def velocity(self, x, t):
        return self.average(x, t, t)


def sequence_positions(length, width):
    """`[sin(n f), cos(n f)]` of each place: `[length, width]`."""
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequencies(width // 2, torch.float64)
    return torch.cat([angle.sin(), angle.cos()], 1).float()


class TextMap(DitMap):
    """The logits `z(x, s, t)` of sequences, `[rows, length, symbols]`, from rows `[rows, length * symbols]`."""

    def places(self):
        return sequence_positions(self.options["length"], self.options["width"])

    def logits(self, x, s, t):
        scaled = x / ((1 - s).square() + s.square()).sqrt()
        return self.through(scaled.reshape(-1, self.options["length"], self.options["symbols"]), s, t)
