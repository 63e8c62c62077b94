"""The transformer of `dit_torch.py` in JAX: functions of a dictionary of parameters, weights `[in, out]`."""

import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy


def frequencies(count):
    """`10000^(-k / count)`."""
    return numpy.exp(numpy.arange(count) * (-math.log(10000) / count))


def positions(side, width):
    """`[enc(column), enc(row)]` of each patch, `enc(n) = [sin(n f), cos(n f)]`: `[side * side, width]`."""
    angle = numpy.arange(side)[:, None] * frequencies(width // 4)
    enc = numpy.concatenate([numpy.sin(angle), numpy.cos(angle)], 1)
    return jnp.array(numpy.concatenate([numpy.tile(enc, (side, 1)), numpy.repeat(enc, side, 0)], 1), jnp.float32)


def sequence_positions(length, width):
    """`[sin(n f), cos(n f)]` of each place: `[length, width]`."""
    angle = numpy.arange(length)[:, None] * frequencies(width // 2)
    return jnp.array(numpy.concatenate([numpy.sin(angle), numpy.cos(angle)], 1), jnp.float32)


def make_blocks(options, table):
    """Patches `[rows, tokens, numbers]` through all blocks and the last layer."""
    heads, depth = options["heads"], options["depth"]
    scales = jnp.array(frequencies(options["frequencies"]), jnp.float32)

    def linear(p, name, x):
        return x @ p[f"{name}.weight"] + p[f"{name}.bias"]

    def embed(p, name, time):
        angle = time * scales
        features = jnp.concatenate([jnp.cos(angle), jnp.sin(angle)], 1)
        return linear(p, f"{name}.1", jax.nn.silu(linear(p, f"{name}.0", features)))

    def modulation(p, name, e, count):
        return jnp.split(linear(p, f"{name}.modulation", e)[:, None, :], count, 2)

    def modulated(h, shift, scale):
        centred = h - h.mean(2, keepdims=True)
        normed = centred * jax.lax.rsqrt(jnp.square(centred).mean(2, keepdims=True) + 1e-6)
        return normed * (1 + scale) + shift

    def attention(p, name, x):
        rows, tokens, width = x.shape
        d = width // heads
        q, k, v = jnp.moveaxis(linear(p, f"{name}.qkv", x).reshape(rows, tokens, 3, heads, d), 2, 0)
        weights = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) * d**-0.5)
        return linear(p, f"{name}.out", jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape))

    def block(p, name, h, e):
        b1, a1, g1, b2, a2, g2 = modulation(p, name, e, 6)
        h = h + g1 * attention(p, name, modulated(h, b1, a1))
        inner = jax.nn.gelu(linear(p, f"{name}.mlp.0", modulated(h, b2, a2)), approximate=True)
        return h + g2 * linear(p, f"{name}.mlp.1", inner)

    def through(p, patches, s, t):
        h = linear(p, "patch", patches) + table
        e = jax.nn.silu(embed(p, "time.0", s) + embed(p, "time.1", t))
        for i in range(depth):
            h = block(p, f"blocks.{i}", h, e)
        shift, scale = modulation(p, "final", e, 2)
        return linear(p, "final.out", modulated(h, shift, scale))

    return through


def make_text_maps(options):
    """The logits `z(x, s, t)` of sequences, `[rows, length, symbols]`, from rows `[rows, length * symbols]`."""
    length, symbols = options["length"], options["symbols"]
    through = make_blocks(options, sequence_positions(length, options["width"]))

    def logits(p, x, s, t):
        scaled = x / jnp.sqrt(jnp.square(1 - s) + jnp.square(s))
        return through(p, scaled.reshape(-1, length, symbols), s, t)

    return SimpleNamespace(logits=logits)


def make_maps(options):
    """The average velocity `V`, the velocity `V(x, t, t)` and the jump `F`."""
    size, patch = options["size"], options["patch"]
    side = size // patch
    through = make_blocks(options, positions(side, options["width"]))

    def average(p, x, s, t):
        rows = x.shape[0]
        patches = x.reshape(rows, side, patch, side, patch).transpose(0, 1, 3, 2, 4).reshape(rows, side**2, patch**2)
        out = through(p, patches, s, t)
        return out.reshape(rows, side, side, patch, patch).transpose(0, 1, 3, 2, 4).reshape(rows, -1)

    def velocity(p, x, t):
        return average(p, x, t, t)

    def jump(p, x, s, t):
        return x + (t - s) * average(p, x, s, t)

    return SimpleNamespace(average=average, velocity=velocity, jump=jump)
