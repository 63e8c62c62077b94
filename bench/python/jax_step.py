"""JAX beside `oxbow bench`: one training step of the ring experiment, timed on request.

A worker: one JSON document per line on stdin, one answer per line on stdout (`README.md` has the protocol).
`python jax_step.py --check DIR` instead proves it against the golden fixtures in DIR, in float64.

The whole step is one jitted function whose state is donated. JAX is imported at the first `setup`, because XLA sizes
its thread pool once; a worker therefore serves one thread count.
"""

import math
import os
import sys
from functools import partial
from importlib.metadata import version
from types import SimpleNamespace

import common

jax = jnp = None
threads_in_use = None


def start(threads):
    """Imports JAX with a pool of that many threads."""
    global jax, jnp, threads_in_use
    if threads_in_use is None:
        os.environ["NPROC"] = str(threads)  # what XLA's CPU client reads before it asks the system
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax as module

        jax, jnp, threads_in_use = module, module.numpy, threads
    elif threads != threads_in_use:
        raise ValueError(f"threads: this worker started with {threads_in_use}; start another one for {threads}")


# Networks: `[(weight [in, out], bias [out]), ...]`, the layout that XLA multiplies fastest


def embed(freqs, time):
    """`e(t) = [sin(2^k pi t)]_k, [cos(2^k pi t)]_k`."""
    angle = time * (math.pi * 2.0 ** jnp.arange(freqs, dtype=time.dtype))
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], 1)


def apply(layers, *inputs):
    h = jnp.concatenate(inputs, 1)
    for weight, bias in layers[:-1]:
        h = jax.nn.silu(h @ weight + bias)
    weight, bias = layers[-1]
    return h @ weight + bias


def make_maps(freqs):
    """The average velocity `V`, the velocity `V(x, t, t)`, the jump `F` and the teacher's velocity."""
    e = partial(embed, freqs)

    def average(p, x, s, t):
        return apply(p, x, e(s), e(t))

    def velocity(p, x, t):
        et = e(t)
        return apply(p, x, et, et)

    def jump(p, x, s, t):
        return x + (t - s) * average(p, x, s, t)

    def teacher(p, x, t):
        return apply(p, x, e(t))

    return SimpleNamespace(average=average, velocity=velocity, jump=jump, teacher=teacher)


def mse(residual):
    return jnp.mean(jnp.square(residual))


def tail(batch, k):
    """The rows from `k` on: those of the consistency term."""
    return SimpleNamespace(**{key: value[k:] for key, value in vars(batch).items()})


def flow_matching(f, p, batch, k):
    """`mse(V(x_s, s, s) - (eps - x0))` on the first `k` rows; None if there are none."""
    if k == 0:
        return None
    return mse(f.velocity(p, batch.x[:k], batch.s[:k]) - batch.v[:k])


# Each objective takes the maps `f`, the parameters `p`, those of the moving average `ema` and of the teacher `phi`,
# a batch with `x = x_s` and `v = eps - x0`, and the number `k` of diagonal rows (the first ones, where t = s).


def psd(f, p, ema, phi, batch, k):
    """`mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)])`; both terms share the student's forward pass."""
    average = f.average(p, batch.x, batch.s, batch.t)
    diagonal = mse(average[:k] - batch.v[:k]) if k else None
    b = tail(batch, k)
    goal = jax.lax.stop_gradient(f.jump(ema, f.jump(ema, b.x, b.s, b.m), b.m, b.t))
    return diagonal, mse(b.x + (b.t - b.s) * average[k:] - goal)


def lsd(f, p, ema, phi, batch, k):
    """`mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)])`."""
    b = tail(batch, k)
    xt, dF = jax.jvp(lambda t: f.jump(p, b.x, b.s, t), (b.t,), (jnp.ones_like(b.t),))
    goal = jax.lax.stop_gradient(f.velocity(ema, xt, b.t))
    return flow_matching(f, p, batch, k), mse(dF - goal)


def esd(f, p, ema, phi, batch, k):
    """`u = sg[V-(x_s,s,s)]`, `mse(d_s F(x_s,s,t) + J_x F . u)`, with the gradient of the spatial product."""
    b = tail(batch, k)
    u = jax.lax.stop_gradient(f.velocity(ema, b.x, b.s))
    _, dF = jax.jvp(lambda x, s: f.jump(p, x, s, b.t), (b.x, b.s), (u, jnp.ones_like(b.s)))
    return flow_matching(f, p, batch, k), mse(dF)


def meanflow(f, p, ema, phi, batch, k):
    """`u = eps - x0`, `mse(V(x_s,s,t) - sg[u + (t-s) (d_s V + J_x V . u)])`; no diagonal term."""
    b = batch
    average, dV = jax.jvp(lambda x, s: f.average(p, x, s, b.t), (b.x, b.s), (b.v, jnp.ones_like(b.s)))
    return None, mse(average - jax.lax.stop_gradient(b.v + (b.t - b.s) * dV))


def imf(f, p, ema, phi, batch, k):
    """`u = sg[V(x_s,s,s)]`, `mse(V(x_s,s,t) - (t-s) sg[d_s V + J_x V . u] - v)`; no diagonal term."""
    b = batch
    u = jax.lax.stop_gradient(f.velocity(p, b.x, b.s))
    average, dV = jax.jvp(lambda x, s: f.average(p, x, s, b.t), (b.x, b.s), (u, jnp.ones_like(b.s)))
    return None, mse(average - (b.t - b.s) * jax.lax.stop_gradient(dV) - b.v)


def tvm(f, p, ema, phi, batch, k):
    """`mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)]) + mse(V(x_t,t,t) - v)`; no diagonal term."""
    b = batch
    xt, dF = jax.jvp(lambda t: f.jump(p, b.x, b.s, t), (b.t,), (jnp.ones_like(b.t),))
    goal = jax.lax.stop_gradient(f.velocity(ema, xt, b.t))
    anchor = f.velocity(p, b.x + (b.t - b.s) * b.v, b.t)
    return None, mse(dF - goal) + mse(anchor - b.v)


def lmd(f, p, ema, phi, batch, k):
    """`mse(d_t F(x_s,s,t) - v_phi(F(x_s,s,t),t))`; gradients flow through the teacher; no diagonal term."""
    b = batch
    xt, dF = jax.jvp(lambda t: f.jump(p, b.x, b.s, t), (b.t,), (jnp.ones_like(b.t),))
    return None, mse(dF - f.teacher(phi, xt, b.t))


def only_diagonal(f, p, ema, phi, batch, k):
    """`mse(V(x_s,s,s) - (eps - x0))` on the whole batch."""
    return flow_matching(f, p, batch, k), None


def symbols(target, z):
    """`-sum_k T log psi`, a mean over rows and positions."""
    return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(z), -1))


def cross_entropy(f, p, ema, phi, batch, k):
    """`-sum_k x0 log psi(x_s,s,s)`, `psi = softmax(z)`, a mean over positions."""
    z = f.logits(p, batch.x, batch.s, batch.s)
    return symbols(batch.x0.reshape(z.shape), z), None


def text_jump(psi, x, s, t):
    """`F(x,s,t) = (t/s) x + (1 - t/s) psi`."""
    kept = t / s
    return kept * x + (1 - kept) * psi.reshape(x.shape)


def psd_simplex(f, p, ema, phi, batch, k):
    """`KL(sg[a psi(x_s,s,m) + (1-a) psi(x_m,m,t)] | psi(x_s,s,t))`, `a = t (s-m)/(m (s-t))`; targets are the student's."""
    z = f.logits(p, batch.x, batch.s, batch.t)
    diagonal = symbols(batch.x0[:k].reshape(z[:k].shape), z[:k]) if k else None
    b = tail(batch, k)
    fixed = jax.lax.stop_gradient(p)
    first = jax.nn.softmax(f.logits(fixed, b.x, b.s, b.m))
    second = jax.nn.softmax(f.logits(fixed, text_jump(first, b.x, b.s, b.m), b.m, b.t))
    a = (b.t * (b.s - b.m) / (b.m * (b.s - b.t)))[:, :, None]
    goal = a * first + (1 - a) * second
    own = -jnp.mean(jnp.sum(goal * jnp.log(jnp.maximum(goal, 1e-30)), -1))
    return diagonal, symbols(goal, z[k:]) - own


OBJECTIVES = {
    **{"cross-entropy": cross_entropy, "psd-simplex": psd_simplex},
    **{"flow-matching": only_diagonal, "psd": psd, "lsd": lsd, "esd": esd},
    **{"meanflow": meanflow, "imf": imf, "tvm": tvm, "lmd": lmd},
}


def on_path(x0, eps, s, t, m=None):
    """A batch with its data, its point on the interpolant and its conditional velocity."""
    batch = {"x": (1 - s) * x0 + s * eps, "x0": x0, "v": eps - x0, "s": s, "t": t}
    return SimpleNamespace(**batch, **({} if m is None else {"m": m}))


# The step


def make_step(options, phi):
    """The loss, and `(state, batch) -> (state, loss)`: loss, gradients, Adam and the moving average."""
    objective = OBJECTIVES[options["objective"]]
    f = maps_of(options)
    k = common.diagonal_rows(options)
    fraction = k and options["diagonal"]
    off_diagonal = (1 - fraction) * options["weight"]
    rate, b1, b2, epsilon = options["lr"], 0.9, 0.999, 1e-8

    def loss_of(p, ema, batch):
        diagonal, consistency = objective(f, p, ema, phi, on_path(**batch), k)
        if consistency is None:
            return diagonal
        loss = off_diagonal * consistency
        return loss if diagonal is None else fraction * diagonal + loss

    def step(state, batch):
        loss, gradients = jax.value_and_grad(loss_of)(state["p"], state["ema"], batch)
        count = state["count"] + 1
        each = jax.tree.map
        m = each(lambda m, g: b1 * m + (1 - b1) * g, state["m"], gradients)
        v = each(lambda v, g: b2 * v + (1 - b2) * g * g, state["v"], gradients)
        scale, correction = rate / (1 - b1**count), 1 / jnp.sqrt(1 - b2**count)
        p = each(lambda p, m, v: p - scale * m / (jnp.sqrt(v) * correction + epsilon), state["p"], m, v)
        ema = each(lambda e, p: e + (1 - options["ema"]) * (p - e), state["ema"], p)
        return {"p": p, "ema": ema, "m": m, "v": v, "count": count}, loss

    return loss_of, step


def arrays(layers, dtype):
    """Layers as JAX keeps them, from `[(weight [out][in], bias [out]), ...]`."""
    return [(jnp.array(weight, dtype).T.copy(), jnp.array(bias, dtype)) for weight, bias in layers]


def maps_of(options):
    if options["size"] is None and options["length"] is None:
        return make_maps(options["freqs"])
    from dit_jax import make_maps as make_picture_maps
    from dit_jax import make_text_maps

    if options["length"] is not None:
        return make_text_maps(options)
    return make_picture_maps(options)


def draw(options):
    """Student, target, teacher and batches of the ring experiment."""
    layers = common.draw_networks(options)
    p = arrays(layers["student"], jnp.float32)
    batches = [
        {key: jnp.array(values, jnp.float32) for key, values in batch.items()}
        for batch in common.draw_batches(options)
    ]
    return p, jax.tree.map(jnp.copy, p), arrays(layers["teacher"], jnp.float32), batches


def read_named(options):
    """The arrays that `oxbow bench` wrote down."""
    import numpy

    return {
        name: numpy.frombuffer(data, numpy.float32).reshape(shape)
        for name, (shape, data) in common.read_arrays(options["arrays"]).items()
    }


def network_of(options, named, prefix):
    """Parameters as the maps take them: by name, of a perceptron as layers."""
    own = {name.removeprefix(prefix): array for name, array in named.items() if name.startswith(prefix)}
    kept = {name: jnp.array(array.T if array.ndim == 2 else array) for name, array in own.items()}
    if options["size"] is not None or options["length"] is not None:
        return kept
    return [(kept[f"{i}.weight"], kept[f"{i}.bias"]) for i in range(len(kept) // 2)]


def read(options):
    """Student, average, teacher and batches that `oxbow bench` wrote down."""
    named = read_named(options)
    batches = {}
    for name, array in named.items():
        if name.startswith("batch."):
            _, i, key = name.split(".")
            batches.setdefault(int(i), {})[key] = jnp.array(array)
    student, target = (network_of(options, named, prefix) for prefix in ("student.", "target."))
    return student, target, None, [batches[i] for i in sorted(batches)]


def sampling(options):
    """Noise to data in some jumps, all points at once."""
    named = read_named(options)
    p, noise = network_of(options, named, "student."), jnp.array(named["noise"])
    f = maps_of(options)

    @jax.jit
    def sample(x):
        for s, t in common.grid(options["jumps"]):
            column = jnp.ones((x.shape[0], 1))
            x = f.jump(p, x, s * column, t * column)
        return x

    def first():
        return {"loss": float(jnp.mean(jnp.square(sample(noise))))}

    def run(steps):
        for _ in range(steps):
            x = jax.block_until_ready(sample(noise))
        return steps, float(x[0, 0])

    return sum(leaf.size for leaf in jax.tree.leaves(p)), run, first


def setup(options):
    start(options["threads"])
    if options["objective"] == "sample":
        return sampling(options)
    given = options["arrays"] is not None
    p, ema, teacher, batches = read(options) if given else draw(options)
    zeros = lambda: jax.tree.map(jnp.zeros_like, p)  # noqa: E731
    state = {"p": p, "ema": ema, "m": zeros(), "v": zeros(), "count": jnp.zeros(())}
    loss_of, step = make_step(options, teacher)

    def first(p=p, ema=ema, batch=batches[0]):
        """What the first step sees, for another program to compare with."""
        loss, gradients = jax.jit(jax.value_and_grad(loss_of))(p, ema, batch)
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(gradients)))
        return {"loss": float(loss), "gradientNorm": float(norm)}

    together = options["scan"]
    if together > 1:
        stack = lambda start: jax.tree.map(  # noqa: E731
            lambda *each: jnp.stack(each), *[batches[(start + i) % len(batches)] for i in range(together)]
        )
        batches = [stack(start) for start in range(0, len(batches), together)]
        single = step
        step = lambda state, batch: jax.lax.scan(single, state, batch)  # noqa: E731
    jitted = jax.jit(step, donate_argnums=0)
    position = 0

    def run(steps):
        nonlocal state, position
        calls = math.ceil(steps / together)
        for _ in range(calls):
            state, loss = jitted(state, batches[position])
            position = (position + 1) % len(batches)
        jax.block_until_ready(state)
        return calls * together, float(loss if together == 1 else loss[-1])

    count = sum(leaf.size for leaf in jax.tree.leaves(p))
    return (count, run, first) if given else (count, run)


def loss_and_gradients(term, layers, batch, freqs):
    """The consistency term alone, in float64, for the golden fixtures."""
    start(1)
    jax.config.update("jax_enable_x64", True)
    networks = {name: arrays(values, jnp.float64) for name, values in layers.items()}
    path = on_path(**{key: jnp.array(values, jnp.float64) for key, values in batch.items()})

    def loss_of(p):
        ema, phi = networks.get("target"), networks.get("teacher")
        return OBJECTIVES[term](make_maps(freqs), p, ema, phi, path, 0)[1]

    loss, gradients = jax.value_and_grad(loss_of)(networks["student"])
    return float(loss), [(w.T.tolist(), b.tolist()) for w, b in gradients]


if __name__ == "__main__":
    sys.exit(common.main("jax", version("jax"), setup, loss_and_gradients))
