"""Float64 PyTorch reference for the golden fixtures of every objective.

Written from the text of the objectives page alone (sections 1 to 4 and 6), apart from the library it tests.

    python golden_reference.py check DIR    recompute every fixture in DIR; exit status 1 on a miss
    python golden_reference.py write OUT    write the extra fixtures of `CASES` to OUT

Each row below is a function of one `Draw` that returns the scalar loss. `sg` marks every stopped value;
times are [B, 1] so that they broadcast. The inputs of a written fixture depend only on its file name.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

import torch
from torch import Tensor
from torch.func import jvp

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

LOSS_TOLERANCE = 1e-9
GRADIENT_TOLERANCE = 1e-7
BATCH_VECTORS = ("x0", "eps", "noise")  # the other batch fields are times
OPTIONS = set(
    "alpha h delta d space spatialGradient weight p c norm loss target velocity tangentNormalization "
    "beta reward weighting interpolant parameterization".split()
)


# Networks ------------------------------------------------------------------------------------------------


def embed(t: Tensor, freqs: int) -> Tensor:
    """[sin(2^k pi t)]_k, then [cos(2^k pi t)]_k."""
    angle = math.pi * t * 2.0 ** torch.arange(freqs)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def perceptron(weights: dict, x: Tensor, *times: Tensor, freqs: int) -> Tensor:
    h = torch.cat([x, *(embed(t, freqs) for t in times)], dim=1)
    for layer in range(3):
        h = h @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        if layer < 2:
            h = torch.nn.functional.silu(h)
    return h


class FlowMap:
    """V(x, s, t) and the jump F(x, s, t) = x + (t-s) V(x, s, t)."""

    def __init__(self, weights: dict, freqs: int, parameterization: str):
        self.weights, self.freqs, self.parameterization = weights, freqs, parameterization

    def V(self, x, s, t):
        n = perceptron(self.weights, x, s, t, freqs=self.freqs)
        return (x - n) / s if self.parameterization == "denoised" else n

    def F(self, x, s, t):
        return x + (t - s) * self.V(x, s, t)

    def stopped(self) -> "FlowMap":
        """The same values with stopped parameters; gradients still reach the input."""
        weights = {name: sg(w) for name, w in self.weights.items()}
        return FlowMap(weights, self.freqs, self.parameterization)


# One fixture's inputs ------------------------------------------------------------------------------------


class Draw:
    """The networks, the batch and the options of one fixture, under the names of the page."""

    def __init__(self, fixture: dict):
        self.options = o = fixture["options"]
        if unknown := set(o) - OPTIONS:
            raise ValueError(f"unknown options {sorted(unknown)}")
        freqs = fixture["dims"]["freqs"]
        form = one_of(o.get("parameterization", "average-velocity"), "average-velocity", "denoised")
        self.interpolant = one_of(o.get("interpolant", "linear"), "linear", "trig")
        weights = {
            role: {name: torch.tensor(w) for name, w in layers.items()}
            for role, layers in fixture["networks"].items()
        }
        self.parameters = {name: w.requires_grad_() for name, w in weights["student"].items()}
        for role in weights.keys() & {"student", "target", "pretrained"}:
            setattr(self, role, FlowMap(weights[role], freqs, form))
        if "teacher" in weights:
            self.v_phi = lambda x, t: perceptron(weights["teacher"], x, t, freqs=freqs)
        if "aux" in weights:
            self.v_aux = lambda x, t: perceptron(weights["aux"], x, t, freqs=freqs)
        for name, values in fixture["batch"].items():
            value = torch.tensor(values)
            setattr(self, name, value if name in BATCH_VECTORS else value[:, None])

    def at(self, t: Tensor) -> Tensor:
        """x_t."""
        if self.interpolant == "trig":
            return torch.cos(math.pi * t / 2) * self.x0 + torch.sin(math.pi * t / 2) * self.eps
        return (1 - t) * self.x0 + t * self.eps

    def v_cond(self, t: Tensor) -> Tensor:
        """d/dt x_t."""
        if self.interpolant == "trig":
            return math.pi / 2 * (torch.cos(math.pi * t / 2) * self.eps - torch.sin(math.pi * t / 2) * self.x0)
        return self.eps - self.x0

    def loss(self, r: Tensor, kind: str = "mse") -> Tensor:
        """The mean over the batch of the fixture's loss of the residual; `kind` is the row's own default."""
        o = self.options
        kind = one_of(o.get("loss", kind), "mse", "pseudo-huber", "cauchy")
        if "weight" in o:
            one_of(o["weight"], "adaptive")
            square = squared_norm(r, o.get("norm", "mean"))
            return (sg((square + o["c"]) ** -o["p"]) * square).mean()
        if kind == "mse":
            return (r**2).mean()
        square, c = squared_norm(r, o.get("norm", "sum")), o["c"]
        if kind == "pseudo-huber":
            return ((square + c**2).sqrt() - c).mean()
        return torch.log1p(square / c**2).mean()


def sg(value: Tensor) -> Tensor:
    return value.detach()


def one_of(value: str, *allowed: str) -> str:
    if value not in allowed:
        raise ValueError(f"found {value!r}, expected one of {allowed}")
    return value


def squared_norm(r: Tensor, norm: str) -> Tensor:
    return (r**2).sum(1) if one_of(norm, "sum", "mean") == "sum" else (r**2).mean(1)


def d_t(f, t: Tensor) -> tuple[Tensor, Tensor]:
    """f(t) and its exact derivative in the time."""
    return jvp(f, (t,), (torch.ones_like(t),))


def along(f, x: Tensor, s: Tensor, u: Tensor) -> Tensor:
    """d_s f(x, s) + J_x f . u."""
    return jvp(f, (x, s), (u, torch.ones_like(s)))[1]


def central_difference(f, t: Tensor, h: float) -> Tensor:
    """Times are clipped to [0, 1]; the divisor is the distance actually used."""
    above, below = (t + h).clamp(max=1), (t - h).clamp(min=0)
    return (f(above) - f(below)) / (above - below)


# The rows ------------------------------------------------------------------------------------------------

ROWS: dict = {}


def row(term: str, networks: str, batch: str):
    """Registers a row with the networks and the batch fields that it reads."""

    def register(loss):
        ROWS[term] = (loss, networks.split(), batch.split())
        return loss

    return register


@row("diagonal:flow-matching", "student", "x0 eps s")
def flow_matching(d):
    return d.loss(d.student.V(d.at(d.s), d.s, d.s) - d.v_cond(d.s))


@row("diagonal:teacher-velocity", "student teacher", "x0 eps s")
def teacher_velocity(d):
    x = d.at(d.s)
    return d.loss(d.student.V(x, d.s, d.s) - d.v_phi(x, d.s))


@row("diagonal:itm", "student teacher", "x0 eps s")
def itm(d):
    x = d.at(d.s)
    reward = d.options["reward"]
    one_of(reward["kind"], "gaussian")
    distance = (d.x0 - torch.tensor(reward["center"])).pow(2).sum(1, keepdim=True)
    r = torch.exp(-distance / (2 * reward["scale"] ** 2))
    V = d.student.V(x, d.s, d.s)
    return d.loss(V - sg(d.v_phi(x, d.s) + torch.expm1(d.options["beta"] * r) * (d.v_cond(d.s) - V)))


@row("lmd", "student teacher", "x0 eps s t")
def lmd(d):
    x = d.at(d.s)
    F, dF = d_t(lambda t: d.student.F(x, d.s, t), d.t)
    return d.loss(dF - d.v_phi(F, d.t))


@row("lsd", "student target", "x0 eps s t")
def lsd(d):
    x = d.at(d.s)
    F, dF = d_t(lambda t: d.student.F(x, d.s, t), d.t)
    return d.loss(dF - sg(d.target.V(F, d.t, d.t)))


@row("ayf-lmd", "student teacher", "x0 eps s t")
def ayf_lmd(d):
    x = d.at(d.s)
    V, dV = d_t(lambda t: d.student.V(x, d.s, t), d.t)
    F = x + (d.t - d.s) * V
    return d.loss(V - sg(d.v_phi(F, d.t) - (d.t - d.s) * dV))


@row("lmd-discrete", "student target teacher", "x0 eps s t m")
def lmd_discrete(d):
    x = d.at(d.s)
    xm = d.target.F(x, d.s, d.m)
    return d.loss(d.student.F(x, d.s, d.t) - sg(xm + (d.t - d.m) * d.v_phi(xm, d.m)))


@row("tvm:terminal", "student target", "x0 eps s t")
def tvm_terminal(d):
    x = d.at(d.s)
    y = x + (d.t - d.s) * sg(d.student.V(x, d.s, d.t))
    _, dF = d_t(lambda t: d.student.F(x, d.s, t), d.t)
    return d.loss(dF - sg(d.target.V(y, d.t, d.t)))


@row("tvm:anchor", "student", "x0 eps t")
def tvm_anchor(d):
    return d.loss(d.student.V(d.at(d.t), d.t, d.t) - d.v_cond(d.t))


@row("pid", "student teacher", "eps t")
def pid(d):
    one = torch.ones_like(d.t)
    dV = central_difference(lambda t: d.student.V(d.eps, one, t), d.t, d.options.get("h", 5e-3))
    V, F = d.student.V(d.eps, one, d.t), d.student.F(d.eps, one, d.t)
    return d.loss(V + (d.t - 1) * dV - sg(d.v_phi(F, d.t)))


@row("freeflow:prediction", "student teacher", "eps t")
def freeflow_prediction(d):
    one = torch.ones_like(d.t)
    dV = central_difference(lambda t: d.student.V(d.eps, one, t), d.t, d.options.get("h", 5e-3))
    V, F = d.student.V(d.eps, one, d.t), d.student.F(d.eps, one, d.t)
    return d.loss(V - sg(d.v_phi(F, d.t) - (d.t - 1) * dV))


@row("freeflow:correction", "student teacher aux", "eps noise r")
def freeflow_correction(d):
    x = d.student.F(d.eps, torch.ones_like(d.r), torch.zeros_like(d.r))
    z = sg((1 - d.r) * x + d.r * d.noise)
    return (x * sg(d.v_phi(z, d.r) - d.v_aux(z, d.r))).mean()


@row("emd", "student teacher", "x0 eps s t")
def emd(d):
    x = d.at(d.s)
    return d.loss(along(lambda x, s: d.student.F(x, s, d.t), x, d.s, d.v_phi(x, d.s)))


@row("esd", "student target", "x0 eps s t")
def esd(d):
    x = d.at(d.s)
    u = sg(d.target.V(x, d.s, d.s))
    _, dF = d_t(lambda s: d.student.F(x, s, d.t), d.s)
    _, JFu = jvp(lambda x: d.student.F(x, d.s, d.t), (x,), (u,))
    return d.loss(dF + (JFu if d.options.get("spatialGradient", False) else sg(JFu)))


def eulerian_residual(d, x, t, u):
    """V - u - (t-s)(d_s V + J_x V . u), and V itself."""
    V = d.student.V(x, d.s, t)
    return V - u - (t - d.s) * along(lambda x, s: d.student.V(x, s, t), x, d.s, u), V


def eulerian(d, t, u):
    residual, V = eulerian_residual(d, d.at(d.s), t, u)
    return d.loss(V - sg(V - residual))


@row("ayf-emd", "student teacher", "x0 eps s t")
def ayf_emd(d):
    return eulerian(d, d.t, d.v_phi(d.at(d.s), d.s))


@row("emd-discrete", "student target teacher", "x0 eps s t m")
def emd_discrete(d):
    x = d.at(d.s)
    xm = x + (d.m - d.s) * d.v_phi(x, d.s)
    return d.loss(d.student.F(x, d.s, d.t) - sg(d.target.F(xm, d.m, d.t)))


@row("meanflow", "student", "x0 eps s t")
def meanflow(d):
    return eulerian(d, d.t, d.v_cond(d.s))


@row("imf", "student", "x0 eps s t")
def imf(d):
    x = d.at(d.s)
    u = sg(d.student.V(x, d.s, d.s))
    dV = along(lambda x, s: d.student.V(x, s, d.t), x, d.s, u)
    W = d.student.V(x, d.s, d.t) - (d.t - d.s) * sg(dV)
    return d.loss(W - d.v_cond(d.s))


@row("alphaflow", "student target", "x0 eps s t")
def alphaflow(d):
    a, x, u = d.options["alpha"], d.at(d.s), d.v_cond(d.s)
    m = a * d.t + (1 - a) * d.s
    xm = x + (m - d.s) * u
    return d.loss(d.student.V(x, d.s, d.t) - sg(a * u + (1 - a) * d.target.V(xm, m, d.t))) / a


@row("soflow", "student target", "x0 eps s t")
def soflow(d):
    one_of(d.options["weighting"], "none")
    x = d.at(d.s)
    m = d.s + d.options["d"] * (d.t - d.s)
    xm = x + (m - d.s) * sg(d.student.V(x, d.s, d.s))
    return d.loss(d.student.F(x, d.s, d.t) - sg(d.target.F(xm, m, d.t)))


@row("facm:consistency", "student teacher", "x0 eps s")
def facm_consistency(d):
    return eulerian(d, torch.zeros_like(d.s), d.v_phi(d.at(d.s), d.s))


@row("facm:anchor", "student teacher", "x0 eps s")
def facm_anchor(d):
    x = d.at(d.s)
    return d.loss(d.student.V(x, 1 + d.s, 1 + d.s) - d.v_phi(x, d.s))


def consistency_residual(d, m, xm, target):
    zero = torch.zeros_like(d.s)
    return d.student.F(d.at(d.s), d.s, zero) - sg(target.F(xm, m, zero))


@row("ct", "student target", "x0 eps s")
def ct(d):
    m = (d.s - d.options["delta"]).clamp(min=0)
    return d.loss(consistency_residual(d, m, d.at(m), d.target))


@row("cd", "student target teacher", "x0 eps s")
def cd(d):
    x = d.at(d.s)
    m = (d.s - d.options["delta"]).clamp(min=0)
    return d.loss(consistency_residual(d, m, x + (m - d.s) * d.v_phi(x, d.s), d.target))


@row("ict", "student", "x0 eps s")
@row("ect", "student", "x0 eps s")
def ict(d):
    one_of(d.options.get("target", "student"), "student")
    m = (d.s - d.options["delta"]).clamp(min=0)
    return d.loss(consistency_residual(d, m, d.at(m), d.student), kind="pseudo-huber")


@row("scm", "student teacher", "x0 eps s")
def scm(d):
    x, zero = d.at(d.s), torch.zeros_like(d.s)
    velocity = one_of(d.options.get("velocity", "teacher"), "teacher", "conditional")
    u = d.v_phi(x, d.s) if velocity == "teacher" else d.v_cond(d.s)
    if not d.options.get("tangentNormalization", False):
        return eulerian(d, zero, u)
    g, V = eulerian_residual(d, x, zero, u)
    return d.loss(V - sg(V - g / (g.norm(dim=1, keepdim=True) + d.options["c"])))


@row("ctm", "student target teacher", "x0 eps s t")
def ctm(d):
    x, zero = d.at(d.s), torch.zeros_like(d.s)
    m = torch.maximum(d.s - d.options["delta"], d.t)
    xm = x + (m - d.s) * d.v_phi(x, d.s)
    y = d.student.stopped().F(d.student.F(x, d.s, d.t), d.t, zero)
    return d.loss(y - sg(d.target.F(d.target.F(xm, m, d.t), d.t, zero)))


@row("shortcut", "student target", "x0 eps s t")
def shortcut(d):
    x = d.at(d.s)
    h = (d.t - d.s) / 2
    v0 = d.target.V(x, d.s, d.s + h)
    v1 = d.target.V(x + h * v0, d.s + h, d.s + 2 * h)
    return d.loss(d.student.V(x, d.s, d.s + 2 * h) - sg((v0 + v1) / 2))


def psd_map(d, teacher_map):
    x = d.at(d.s)
    xm = teacher_map.F(x, d.s, d.m)
    return d.loss(d.student.F(x, d.s, d.t) - sg(teacher_map.F(xm, d.m, d.t)))


@row("splitmeanflow", "student target", "x0 eps s t m")
def psd_velocity(d):
    x = d.at(d.s)
    w = (d.m - d.s) / (d.t - d.s)
    v0 = d.target.V(x, d.s, d.m)
    v1 = d.target.V(d.target.F(x, d.s, d.m), d.m, d.t)
    return d.loss(d.student.V(x, d.s, d.t) - sg(w * v0 + (1 - w) * v1))


@row("psd", "student target", "x0 eps s t m")
def psd(d):
    space = one_of(d.options.get("space", "map"), "map", "velocity")
    return psd_velocity(d) if space == "velocity" else psd_map(d, d.target)


@row("pfmm", "student pretrained", "x0 eps s t m")
def pfmm(d):
    return psd_map(d, d.pretrained)


@row("fmm", "student", "x0 eps s t")
def fmm(d):
    x = d.at(d.s)
    y = d.student.F(x, d.s, d.t)
    back, dF = d_t(lambda s: d.student.F(y, d.t, s), d.s)
    return d.loss(dF - d.v_cond(d.s)) + d.loss(back - x)


def evaluate(fixture: dict) -> dict:
    """The loss and its gradients in the student's parameters."""
    d = Draw(fixture)
    loss = ROWS[fixture["term"]][0](d)
    grads = torch.autograd.grad(loss, list(d.parameters.values()))
    return {"loss": loss.item(), "grads": {k: g.tolist() for k, g in zip(d.parameters, grads)}}


# Checking ------------------------------------------------------------------------------------------------


def errors(fixture: dict) -> tuple[float, float]:
    """Relative errors of the loss and, worst tensor first, of the gradients (each against its largest entry)."""
    found, expected = evaluate(fixture), fixture["expected"]
    if found["grads"].keys() != expected["grads"].keys():
        raise ValueError(f"gradients of {list(expected['grads'])}, expected {list(found['grads'])}")

    def relative(a, b):
        a, b = torch.tensor(a), torch.tensor(b)
        if a.shape != b.shape:
            raise ValueError(f"found shape {list(b.shape)}, expected {list(a.shape)}")
        return ((a - b).abs().max() / b.abs().max().clamp(min=1e-12)).item()

    worst = [relative(g, expected["grads"][name]) for name, g in found["grads"].items()]
    return relative(found["loss"], expected["loss"]), max(worst, key=lambda e: math.inf if math.isnan(e) else e)


def check(folder: Path) -> int:
    files = sorted(folder.glob("*.json"))
    missed = 0
    for file in files:
        try:
            loss, grads = errors(json.loads(file.read_text()))
            passed = loss <= LOSS_TOLERANCE and grads <= GRADIENT_TOLERANCE
            line = f"loss {loss:.1e}  grads {grads:.1e}"
        except (KeyError, AttributeError, ValueError, RuntimeError) as error:
            passed, line = False, f"{type(error).__name__}: {error}"
        missed += not passed
        print(f"{'pass' if passed else 'MISS'}  {file.name:36} {line}")
    print(f"{len(files) - missed} of {len(files)} pass")
    return 1 if missed or not files else 0


# Writing -------------------------------------------------------------------------------------------------

SMALL = {"data": 2, "hidden": 8, "freqs": 3, "batch": 5}
WIDE = {"data": 3, "hidden": 8, "freqs": 2, "batch": 4}

# Edge times, in samples of four: jumps of full and of no length, `m` at either end, times within `h` of 0 and 1,
# `s` below `delta`. Where `t - s` divides there is no jump of no length.
DIAGONAL = {"s": [1.0, 0.0, 0.55, 0.02]}
JUMP = {"s": [1.0, 0.9, 0.55, 0.02], "t": [0.0, 0.9, 0.3, 0.0]}
SPLIT = {**JUMP, "m": [0.4, 0.9, 0.55, 0.0]}
SPLIT_VELOCITY = {"s": [1.0, 0.9, 0.55, 0.02], "t": [0.0, 0.7, 0.3, 0.0], "m": [0.4, 0.7, 0.55, 0.013]}
TO_DATA = {"s": [1.0, 0.03, 0.05, 0.62]}
CTM = {"s": [1.0, 0.03, 0.5, 0.62], "t": [0.0, 0.01, 0.47, 0.25]}
FROM_NOISE = {"t": [0.0, 0.002, 0.998, 0.6]}

HUBER = {"loss": "pseudo-huber", "c": 0.1, "norm": "sum"}
CAUCHY = {"loss": "cauchy", "c": 0.5, "norm": "sum"}
ADAPTIVE = {"weight": "adaptive", "p": 0.5, "c": 0.01, "norm": "mean"}
ICT = {"delta": 0.05, **HUBER, "target": "student"}
TRIG = {"interpolant": "trig"}
DENOISED = {"parameterization": "denoised"}
NORMALISED = {"tangentNormalization": True, "c": 0.1}


def reward(data: int) -> dict:
    return {"beta": 1.2, "reward": {"kind": "gaussian", "center": [1.0, -0.5, 0.25][:data], "scale": 1.5}}


# file name: (term, options, dims, times that replace drawn ones)
CASES = {
    # Every row in another size, at its edge times.
    "flow-matching-wide": ("diagonal:flow-matching", {}, WIDE, DIAGONAL),
    "teacher-velocity-wide": ("diagonal:teacher-velocity", {}, WIDE, DIAGONAL),
    "itm-wide": ("diagonal:itm", reward(3), WIDE, DIAGONAL),
    "lmd-wide": ("lmd", {}, WIDE, JUMP),
    "lsd-wide": ("lsd", {}, WIDE, JUMP),
    "ayf-lmd-wide": ("ayf-lmd", {}, WIDE, JUMP),
    "lmd-discrete-wide": ("lmd-discrete", {}, WIDE, SPLIT),
    "tvm-terminal-wide": ("tvm:terminal", {}, WIDE, JUMP),
    "tvm-anchor-wide": ("tvm:anchor", {}, WIDE, {"t": DIAGONAL["s"]}),
    "pid-wide": ("pid", {"h": 0.005}, WIDE, FROM_NOISE),
    "freeflow-prediction-wide": ("freeflow:prediction", {"h": 0.005}, WIDE, FROM_NOISE),
    "freeflow-correction-wide": ("freeflow:correction", {}, WIDE, {"r": DIAGONAL["s"]}),
    "emd-wide": ("emd", {}, WIDE, JUMP),
    "esd-wide": ("esd", {"spatialGradient": False}, WIDE, JUMP),
    "esd-spatial-wide": ("esd", {"spatialGradient": True}, WIDE, JUMP),
    "ayf-emd-wide": ("ayf-emd", {}, WIDE, JUMP),
    "emd-discrete-wide": ("emd-discrete", {}, WIDE, SPLIT),
    "meanflow-wide": ("meanflow", {}, WIDE, JUMP),
    "meanflow-adaptive-wide": ("meanflow", ADAPTIVE, WIDE, JUMP),
    "imf-wide": ("imf", {}, WIDE, JUMP),
    "alphaflow-0.25-wide": ("alphaflow", {"alpha": 0.25}, WIDE, JUMP),
    "soflow-wide": ("soflow", {"d": 0.3, "weighting": "none"}, WIDE, JUMP),
    "facm-consistency-wide": ("facm:consistency", {}, WIDE, DIAGONAL),
    "facm-anchor-wide": ("facm:anchor", {}, WIDE, DIAGONAL),
    "ct-wide": ("ct", {"delta": 0.05}, WIDE, TO_DATA),
    "cd-wide": ("cd", {"delta": 0.05}, WIDE, TO_DATA),
    "ict-wide": ("ict", ICT, WIDE, TO_DATA),
    "ect-wide": ("ect", ICT, WIDE, TO_DATA),
    "scm-wide": ("scm", {"velocity": "teacher", "tangentNormalization": False}, WIDE, DIAGONAL),
    "scm-normalised-wide": ("scm", {"velocity": "teacher", **NORMALISED}, WIDE, DIAGONAL),
    "ctm-wide": ("ctm", {"delta": 0.05}, WIDE, CTM),
    "shortcut-wide": ("shortcut", {}, WIDE, JUMP),
    "psd-map-wide": ("psd", {"space": "map"}, WIDE, SPLIT),
    "psd-velocity-wide": ("psd", {"space": "velocity"}, WIDE, SPLIT_VELOCITY),
    "splitmeanflow-wide": ("splitmeanflow", {}, WIDE, SPLIT_VELOCITY),
    "pfmm-wide": ("pfmm", {}, WIDE, SPLIT),
    "fmm-wide": ("fmm", {}, WIDE, JUMP),
    # Rows and options at ordinary times.
    "imf": ("imf", {}, SMALL, {}),
    "soflow": ("soflow", {"d": 0.1, "weighting": "none"}, SMALL, {}),
    "ctm": ("ctm", {"delta": 0.05}, SMALL, {}),
    "fmm": ("fmm", {}, SMALL, {}),
    "ect": ("ect", {**ICT, "delta": 0.1, "c": 0.03}, SMALL, {}),
    "tvm-terminal": ("tvm:terminal", {}, SMALL, {}),
    "freeflow-correction": ("freeflow:correction", {}, SMALL, {}),
    "esd": ("esd", {"spatialGradient": False}, SMALL, {}),
    "scm-conditional": ("scm", {"velocity": "conditional", "tangentNormalization": False}, SMALL, {}),
    "scm-normalised": ("scm", {"velocity": "teacher", **NORMALISED}, SMALL, {}),
    "scm-conditional-normalised": ("scm", {"velocity": "conditional", **NORMALISED}, SMALL, {}),
    "pid-h": ("pid", {"h": 0.02}, SMALL, {}),
    "meanflow-adaptive-half": ("meanflow", ADAPTIVE, SMALL, {}),
    "psd-default": ("psd", {}, SMALL, {}),
    "psd-adaptive": ("psd", {"space": "map", **ADAPTIVE}, SMALL, {}),
    # Losses.
    "flow-matching-cauchy": ("diagonal:flow-matching", CAUCHY, SMALL, {}),
    "ayf-lmd-cauchy": ("ayf-lmd", CAUCHY, SMALL, {}),
    "psd-map-cauchy": ("psd", {"space": "map", **CAUCHY}, SMALL, {}),
    "meanflow-pseudo-huber": ("meanflow", HUBER, SMALL, {}),
    "lsd-pseudo-huber": ("lsd", HUBER, SMALL, {}),
    "psd-velocity-pseudo-huber": ("psd", {"space": "velocity", **HUBER}, SMALL, {}),
    # Interpolants.
    "flow-matching-trig": ("diagonal:flow-matching", TRIG, SMALL, {}),
    "itm-trig": ("diagonal:itm", {**reward(2), **TRIG}, SMALL, {}),
    "tvm-anchor-trig": ("tvm:anchor", TRIG, SMALL, {}),
    "lsd-trig": ("lsd", TRIG, SMALL, {}),
    "meanflow-trig": ("meanflow", TRIG, SMALL, {}),
    "alphaflow-trig": ("alphaflow", {"alpha": 0.5, **TRIG}, SMALL, {}),
    "ct-trig": ("ct", {"delta": 0.05, **TRIG}, SMALL, {}),
    "cd-trig": ("cd", {"delta": 0.05, **TRIG}, SMALL, {}),
    "fmm-trig": ("fmm", TRIG, SMALL, {}),
    # Parameterisations.
    "flow-matching-denoised": ("diagonal:flow-matching", DENOISED, SMALL, {}),
    "lsd-denoised": ("lsd", DENOISED, SMALL, {}),
    "pid-denoised": ("pid", {"h": 0.005, **DENOISED}, SMALL, {}),
    "tvm-terminal-denoised": ("tvm:terminal", DENOISED, SMALL, {}),
    "emd-denoised": ("emd", DENOISED, SMALL, {}),
    "meanflow-denoised": ("meanflow", DENOISED, SMALL, {}),
    "meanflow-denoised-trig": ("meanflow", {**DENOISED, **TRIG}, SMALL, {}),
    "imf-denoised": ("imf", DENOISED, SMALL, {}),
    "esd-denoised": ("esd", {"spatialGradient": False, **DENOISED}, SMALL, {}),
    "facm-anchor-denoised": ("facm:anchor", DENOISED, SMALL, {}),
    "scm-denoised": ("scm", {"velocity": "teacher", "tangentNormalization": False, **DENOISED}, SMALL, {}),
    "psd-velocity-denoised": ("psd", {"space": "velocity", **DENOISED}, SMALL, {}),
    "fmm-denoised": ("fmm", DENOISED, SMALL, {}),
}


def make_fixture(name: str, term: str, options: dict, dims: dict, times: dict) -> dict:
    """Inputs have six decimals. Roles are drawn apart, so that mistaking one for another shows."""
    rng = random.Random(name)
    _, roles, fields = ROWS[term]
    if term == "scm" and options["velocity"] == "conditional":
        roles = ["student"]

    def network(embeddings: int) -> dict:
        width, out = dims["hidden"], {}
        sizes = [dims["data"] + 2 * dims["freqs"] * embeddings, width, width, dims["data"]]
        for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
            bound = 2 / math.sqrt(fan_in)
            rows = [[round(rng.uniform(-bound, bound), 6) for _ in range(fan_in + 1)] for _ in range(fan_out)]
            out[f"{layer}.weight"] = [values[:-1] for values in rows]
            out[f"{layer}.bias"] = [values[-1] for values in rows]
        return out

    def time(low: float, high: float, share: float) -> float:
        return round(low + share * (high - low), 6)

    samples = range(dims["batch"])
    s = [rng.uniform(0.4, 1) for _ in samples]
    t = [time(0, high, rng.uniform(0.1, 0.7)) for high in s]
    drawn = {
        "s": [round(value, 6) for value in s],
        "t": t,
        "m": [time(low, high, rng.uniform(0.2, 0.8)) for low, high in zip(t, s)],
        "r": [time(0, 1, rng.random()) for _ in samples],
    } | times
    networks = {role: network(1 if role in ("teacher", "aux") else 2) for role in roles}
    batch = {
        field: [[round(rng.gauss(0, 1), 6) for _ in range(dims["data"])] for _ in samples]
        if field in BATCH_VECTORS
        else drawn[field]
        for field in fields
    }
    fixture = {"term": term, "options": options, "dims": dims, "networks": networks, "batch": batch}
    return fixture | {"expected": evaluate(fixture)}


def to_text(value, indent: str = "") -> str:
    """JSON with a line for each key and for each row of a matrix."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {to_text(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and isinstance(value[0], list):
        return "[\n" + ",\n".join(inner + to_text(item) for item in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def write(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        (folder / f"{name}.json").write_text(to_text(make_fixture(name, *case)) + "\n")
    print(f"{len(CASES)} fixtures in {folder}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Float64 reference for the golden fixtures.")
    parser.add_argument("command", choices=["check", "write"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    return {"check": check, "write": write}[arguments.command](arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
