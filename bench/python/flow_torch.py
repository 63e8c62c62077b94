"""Flow-map objectives in PyTorch, eager, as fast as plain use of the library allows.

Notation as in the project's specification: data at time 0, noise at time 1, `x_s = (1 - s) x0 + s eps`; a jump goes
from time `s` to `t <= s`, `F(x, s, t) = x + (t - s) V(x, s, t)`. Times are columns `[rows, 1]`.
"""

import math
from types import SimpleNamespace

import torch
import torch.autograd.forward_ad as forward_ad
from torch.nn import functional


class Network:
    """A perceptron with SiLU between layers on `[x, e(time), ...]`; `[(weight [out, in], bias [out]), ...]`."""

    def __init__(self, layers, freqs, requires_grad=False):
        self.layers = [tuple(tensor.requires_grad_(requires_grad) for tensor in layer) for layer in layers]
        self.parameters = [tensor for layer in self.layers for tensor in layer]
        self.angles = math.pi * 2.0 ** torch.arange(freqs, dtype=layers[0][0].dtype)

    def embed(self, time):
        """`e(t) = [sin(2^k pi t)]_k, [cos(2^k pi t)]_k`."""
        angle = time * self.angles
        return torch.cat([angle.sin(), angle.cos()], 1)

    def apply(self, *inputs):
        h = torch.cat(inputs, 1)
        for weight, bias in self.layers[:-1]:
            h = functional.silu(functional.linear(h, weight, bias))
        return functional.linear(h, *self.layers[-1])


class FlowMap(Network):
    """The average velocity `V(x, s, t)` and the jump `F` built on it."""

    def average(self, x, s, t):
        return self.apply(x, self.embed(s), self.embed(t))

    def velocity(self, x, t):
        e = self.embed(t)
        return self.apply(x, e, e)

    def jump(self, x, s, t):
        return x + (t - s) * self.average(x, s, t)

    def copy(self):
        """The same values without gradients: the start of a moving average."""
        layers = [tuple(tensor.detach().clone() for tensor in layer) for layer in self.layers]
        return FlowMap(layers, len(self.angles))


class Teacher(Network):
    """A velocity `v(x, t)`."""

    def velocity(self, x, t):
        return self.apply(x, self.embed(t))


def eager_jvp(function, primals, tangents):
    """Value and derivative in one forward pass. Half the overhead of `torch.func.jvp` in eager mode."""
    with forward_ad.dual_level():
        dual = function(*[forward_ad.make_dual(p, d) for p, d in zip(primals, tangents)])
        return forward_ad.unpack_dual(dual)


def mse(residual):
    return residual.square().mean()


def tail(batch, k):
    """The rows from `k` on: those of the consistency term."""
    return SimpleNamespace(**{key: value[k:] for key, value in vars(batch).items()})


def flow_matching(student, batch, k):
    """`mse(V(x_s, s, s) - (eps - x0))` on the first `k` rows; None if there are none."""
    if k == 0:
        return None
    return mse(student.velocity(batch.x[:k], batch.s[:k]) - batch.v[:k])


# Each objective takes the networks, a batch with `x = x_s` and `v = eps - x0`, the number `k` of diagonal rows (the
# first ones, where t = s) and a `jvp`, and gives the diagonal and the consistency loss.


def psd(nets, batch, k, jvp):
    """`mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)])`; both terms share the student's forward pass."""
    average = nets.student.average(batch.x, batch.s, batch.t)
    diagonal = mse(average[:k] - batch.v[:k]) if k else None
    b = tail(batch, k)
    with torch.no_grad():
        goal = nets.target.jump(nets.target.jump(b.x, b.s, b.m), b.m, b.t)
    return diagonal, mse(b.x + (b.t - b.s) * average[k:] - goal)


def lsd(nets, batch, k, jvp):
    """`mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)])`."""
    b = tail(batch, k)
    xt, dF = jvp(lambda t: nets.student.jump(b.x, b.s, t), (b.t,), (torch.ones_like(b.t),))
    with torch.no_grad():
        goal = nets.target.velocity(xt.detach(), b.t)
    return flow_matching(nets.student, batch, k), mse(dF - goal)


def esd(nets, batch, k, jvp):
    """`u = sg[V-(x_s,s,s)]`, `mse(d_s F(x_s,s,t) + J_x F . u)`, with the gradient of the spatial product."""
    b = tail(batch, k)
    with torch.no_grad():
        u = nets.target.velocity(b.x, b.s)
    _, dF = jvp(lambda x, s: nets.student.jump(x, s, b.t), (b.x, b.s), (u, torch.ones_like(b.s)))
    return flow_matching(nets.student, batch, k), mse(dF)


def meanflow(nets, batch, k, jvp):
    """`u = eps - x0`, `mse(V(x_s,s,t) - sg[u + (t-s) (d_s V + J_x V . u)])`; no diagonal term."""
    b = batch
    average, dV = jvp(lambda x, s: nets.student.average(x, s, b.t), (b.x, b.s), (b.v, torch.ones_like(b.s)))
    goal = b.v + (b.t - b.s) * dV.detach()
    return None, mse(average - goal)


def imf(nets, batch, k, jvp):
    """`u = sg[V(x_s,s,s)]`, `mse(V(x_s,s,t) - (t-s) sg[d_s V + J_x V . u] - v)`; no diagonal term."""
    b = batch
    u = nets.student.velocity(b.x, b.s).detach()
    average, dV = jvp(lambda x, s: nets.student.average(x, s, b.t), (b.x, b.s), (u, torch.ones_like(b.s)))
    return None, mse(average - (b.t - b.s) * dV.detach() - b.v)


def tvm(nets, batch, k, jvp):
    """`mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)]) + mse(V(x_t,t,t) - v)`; no diagonal term."""
    b = batch
    xt, dF = jvp(lambda t: nets.student.jump(b.x, b.s, t), (b.t,), (torch.ones_like(b.t),))
    with torch.no_grad():
        goal = nets.target.velocity(xt.detach(), b.t)
    anchor = nets.student.velocity(b.x + (b.t - b.s) * b.v, b.t)
    return None, mse(dF - goal) + mse(anchor - b.v)


def lmd(nets, batch, k, jvp):
    """`mse(d_t F(x_s,s,t) - v_phi(F(x_s,s,t),t))`; gradients flow through the teacher; no diagonal term."""
    b = batch
    xt, dF = jvp(lambda t: nets.student.jump(b.x, b.s, t), (b.t,), (torch.ones_like(b.t),))
    return None, mse(dF - nets.teacher.velocity(xt, b.t))


def only_diagonal(nets, batch, k, jvp):
    """`mse(V(x_s,s,s) - (eps - x0))` on the whole batch."""
    return flow_matching(nets.student, batch, k), None


def hot(x0, z):
    return x0.reshape(z.shape)


def cross_entropy(nets, batch, k, jvp):
    """`-sum_k x0 log psi(x_s,s,s)`, `psi = softmax(z)`, a mean over positions."""
    z = nets.student.logits(batch.x, batch.s, batch.s)
    return symbols(hot(batch.x0, z), z), None


def symbols(target, z):
    """`-sum_k T log psi`, a mean over rows and positions."""
    return -(target * functional.log_softmax(z, -1)).sum(-1).mean()


def text_jump(psi, x, s, t):
    """`F(x,s,t) = (t/s) x + (1 - t/s) psi`."""
    kept = t / s
    return kept * x + (1 - kept) * psi.reshape(x.shape)


def psd_simplex(nets, batch, k, jvp):
    """`KL(sg[a psi(x_s,s,m) + (1-a) psi(x_m,m,t)] | psi(x_s,s,t))`, `a = t (s-m)/(m (s-t))`; targets are the student's."""
    z = nets.student.logits(batch.x, batch.s, batch.t)
    diagonal = symbols(hot(batch.x0[:k], z[:k]), z[:k]) if k else None
    b = tail(batch, k)
    with torch.no_grad():
        first = nets.student.logits(b.x, b.s, b.m).softmax(-1)
        second = nets.student.logits(text_jump(first, b.x, b.s, b.m), b.m, b.t).softmax(-1)
        a = (b.t * (b.s - b.m) / (b.m * (b.s - b.t))).unsqueeze(2)
        goal = a * first + (1 - a) * second
        own = -(goal * goal.clamp_min(1e-30).log()).sum(-1).mean()
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
