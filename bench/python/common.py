"""What the reference workers share: the protocol, the drawn inputs, and the golden fixtures.

Only the standard library, so that a bare `pip install torch` or `pip install jax` is enough. Weights and batches come
from a seeded generator and are the same in every framework, so two workers that agree print the same losses.
"""

import json
import math
import os
import random
import sys
import time
from pathlib import Path

OBJECTIVES = ("psd", "lsd", "meanflow", "imf", "tvm", "esd", "lmd", "flow-matching", "cross-entropy", "psd-simplex", "sample")
"""The training steps on offer, and sampling."""

WITHOUT_DIAGONAL = ("meanflow", "imf", "tvm", "lmd")
"""These spend the whole batch on their own term."""

ONLY_DIAGONAL = ("flow-matching", "cross-entropy")
"""These are nothing but the diagonal term."""

OF_TEXT = ("cross-entropy", "psd-simplex")
"""These are of the logits of a transformer on sequences of symbols."""

WEIGHTS = {"lsd": 0.02, "esd": 0.1}
"""Consistency weights of the ring experiment; 1 where absent."""

DEFAULTS = {
    "batch": 512,
    "hidden": 192,
    "layers": 2,
    "freqs": 8,
    "threads": 1,
    "diagonal": 0.3,
    "lr": 0.001,
    "ema": 0.995,
    "weight": None,
    "compile": False,
    "allocator": "kept",
    "scan": 1,
    "draws": 16,
    "seed": 0,
    "warmup": 10,
    "size": None,
    "length": None,
    "symbols": None,
    "patch": 4,
    "width": 128,
    "depth": 6,
    "heads": 4,
    "frequencies": 64,
    "arrays": None,
    "jumps": 1,
}
"""Every option of `setup` except `objective`, with what an absent one means. `README.md` explains them."""

FIXTURES = ("psd-map", "lsd", "meanflow", "esd-spatial", "lmd")
"""The golden files that pin these steps."""

LOSS_TOLERANCE = 1e-9
GRADIENT_TOLERANCE = 1e-7


# Options and drawn inputs


def resolve(request):
    """The complete options of a `setup` request; raises ValueError on what it does not know."""
    options = {key: value for key, value in request.items() if key != "cmd"}
    objective = options.pop("objective", None)
    if objective not in OBJECTIVES:
        raise ValueError(f"objective: found {objective!r}, expected one of {', '.join(OBJECTIVES)}")
    for key in options:
        if key not in DEFAULTS:
            raise ValueError(f"unknown option {key!r}, expected one of {', '.join(DEFAULTS)}")
    complete = {**DEFAULTS, **options, "objective": objective}
    if complete["allocator"] not in ("kept", "system"):
        raise ValueError(f"allocator: found {complete['allocator']!r}, expected kept or system")
    if (objective in OF_TEXT) != (complete["length"] is not None):
        raise ValueError(f"length: found {complete['length']!r}; {' and '.join(OF_TEXT)} alone are of sequences")
    if (complete["length"] is None) != (complete["symbols"] is None):
        raise ValueError(f"symbols: found {complete['symbols']!r} with length {complete['length']!r}")
    given = {key: complete[key] for key in ("size", "length")}
    for key, value in {**given, "objective": "sample" if objective == "sample" else None}.items():
        if value is not None and complete["arrays"] is None:
            raise ValueError(f"{key}: {value} takes what it begins with from the file `arrays`")
    positive = ("batch", "hidden", "layers", "freqs", "threads", "scan", "draws", "warmup", "patch", "depth", "heads", "jumps")
    for key in positive:
        if not isinstance(complete[key], int) or complete[key] < 1:
            raise ValueError(f"{key}: found {complete[key]!r}, expected a positive integer")
    if complete["weight"] is None:
        complete["weight"] = WEIGHTS.get(objective, 1.0)
    return complete


def diagonal_rows(options):
    """How many rows of a batch train the diagonal term."""
    if options["objective"] in WITHOUT_DIAGONAL:
        return 0
    if options["objective"] in ONLY_DIAGONAL:
        return options["batch"]
    return math.floor(options["diagonal"] * options["batch"])


def draw_network(generator, inputs, options):
    """`[(weight [out][in], bias [out]), ...]`, uniform within 1 / sqrt(fan in)."""
    sizes = [inputs, *[options["hidden"]] * options["layers"], 2]
    network = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        bound = 1 / math.sqrt(fan_in)
        uniform = lambda: generator.uniform(-bound, bound)  # noqa: E731
        weight = [[uniform() for _ in range(fan_in)] for _ in range(fan_out)]
        network.append((weight, [uniform() for _ in range(fan_out)]))
    return network


def draw_networks(options):
    """The student `[x, e(s), e(t)]` and the teacher `[x, e(t)]`."""
    generator = random.Random(options["seed"])
    embedding = 2 * options["freqs"]
    student = draw_network(generator, 2 + 2 * embedding, options)
    return {"student": student, "teacher": draw_network(generator, 2 + embedding, options)}


def draw_batch(generator, rows, diagonal):
    """One batch of the ring experiment as lists; times are `[rows][1]`, and `t = s` on the first `diagonal` rows."""
    batch = {"x0": [], "eps": [], "s": [], "t": [], "m": []}
    for row in range(rows):
        angle = 2 * math.pi * generator.randrange(8) / 8
        s = 0.05 + 0.95 * generator.random()
        t = s if row < diagonal else s * generator.random()
        batch["x0"].append(
            [4 * math.cos(angle) + generator.gauss(0, 0.15), 4 * math.sin(angle) + generator.gauss(0, 0.15)]
        )
        batch["eps"].append([generator.gauss(0, 1), generator.gauss(0, 1)])
        batch["s"].append([s])
        batch["t"].append([t])
        batch["m"].append([t + (0.2 + 0.6 * generator.random()) * (s - t)])
    return batch


def draw_batches(options):
    """The batches a worker cycles through, drawn before any timing."""
    generator = random.Random(options["seed"] + 1)
    return [draw_batch(generator, options["batch"], diagonal_rows(options)) for _ in range(options["draws"])]


# What another program drew


def read_arrays(path):
    """Name, shape and bytes (float32) of each array in a safetensors file."""
    content = Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {
        name: (entry["shape"], bytearray(content[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]]))
        for name, entry in header.items()
    }


def grid(jumps):
    """The ends of so many equal jumps from noise at time 1 to data at time 0."""
    times = [1 - i / jumps for i in range(jumps + 1)]
    return list(zip(times, times[1:]))


# Memory


def memory(key):
    """Bytes that the kernel counts for this process: `VmRSS` now, `VmHWM` at most. None where it does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{key}:")), None)


# Golden fixtures


def read_fixture(path):
    """A golden file with its networks as `[(weight, bias), ...]` and its times as columns."""
    fixture = json.loads(Path(path).read_text())
    fixture["networks"] = {
        name: [(values[f"{layer}.weight"], values[f"{layer}.bias"]) for layer in range(len(values) // 2)]
        for name, values in fixture["networks"].items()
    }
    columns = {key: [[value] for value in fixture["batch"][key]] for key in "stm" if key in fixture["batch"]}
    fixture["batch"] = {**fixture["batch"], **columns}
    return fixture


def flatten(values):
    """Nested lists as one flat list."""
    if not isinstance(values, list):
        return [values]
    return [number for value in values for number in flatten(value)]


def check(directory, loss_and_gradients, names=FIXTURES):
    """Compares with the golden files, prints a line each, and returns the process's exit code.

    `loss_and_gradients(term, networks, batch, freqs)` gives the loss and `[(weight, bias), ...]` as nested lists.
    A gradient's error is relative to the largest entry of its tensor.
    """
    failures = 0
    for name in names:
        fixture = read_fixture(Path(directory) / f"{name}.json")
        loss, gradients = loss_and_gradients(
            fixture["term"], fixture["networks"], fixture["batch"], fixture["dims"]["freqs"]
        )
        expected = fixture["expected"]
        loss_error = abs(loss - expected["loss"]) / abs(expected["loss"])
        gradient_error = 0.0
        for layer, pair in enumerate(gradients):
            for kind, found in zip(("weight", "bias"), pair):
                found, wanted = flatten(found), flatten(expected["grads"][f"{layer}.{kind}"])
                if len(found) != len(wanted):
                    raise ValueError(f"{name}: {layer}.{kind} has {len(found)} entries, expected {len(wanted)}")
                scale = max(map(abs, wanted)) or 1.0
                gradient_error = max(gradient_error, max(abs(a - b) for a, b in zip(found, wanted)) / scale)
        ok = loss_error <= LOSS_TOLERANCE and gradient_error <= GRADIENT_TOLERANCE
        failures += not ok
        print(f"{'ok  ' if ok else 'MISS'} {name:14} loss {loss_error:.1e}  gradients {gradient_error:.1e}")
    return 1 if failures else 0


# The protocol


def serve(framework, version, setup):
    """Answers one JSON document per line of stdin with one on stdout, until `quit` or the end of the input.

    `setup(options)` returns the number of parameters and `run(steps)`, which returns when the work is done, with the
    number of steps done (at least those asked for) and the last loss.
    Whatever a library prints goes to stderr, so that stdout holds nothing but answers.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = None
    before = None
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("expected a JSON object")
            command = request.get("cmd")
            if command == "quit":
                return
            if command == "hello":
                answer = {"framework": framework, "version": version, "ok": True}
            elif command == "setup":
                run = None
                before = memory("VmRSS")
                options = resolve(request)
                parameters, prepared, *first = setup(options)
                answer = {"ok": True, "parameters": parameters, **(first[0]() if first else {})}
                prepared(options["warmup"])
                run = prepared
            elif command == "time":
                answer = {"ok": True, **measure(run, request.get("steps", 50))}
                if before is not None:
                    answer["peakBytes"] = memory("VmHWM") - before
            else:
                answer = {"ok": False, "error": f"cmd: found {command!r}, expected hello, setup, time or quit"}
        except Exception as error:  # a worker reports and lives on
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def measure(run, steps):
    """Wall time per step, after a warm-up that refills the caches another process has emptied."""
    if run is None:
        raise ValueError("time before a successful setup")
    run(min(steps, max(3, steps // 10)))
    start = time.perf_counter()
    done, loss = run(steps)
    elapsed = time.perf_counter() - start
    return {"msPerStep": 1000 * elapsed / done, "loss": loss if math.isfinite(loss) else None}


def main(framework, version, setup, loss_and_gradients):
    """`--check DIR` compares with the golden fixtures; without arguments, serves. Returns the exit code."""
    arguments = sys.argv[1:]
    if not arguments:
        serve(framework, version, setup)
        return 0
    if len(arguments) == 2 and arguments[0] == "--check" and Path(arguments[1]).is_dir():
        return check(arguments[1], loss_and_gradients)
    print(f"usage: {Path(sys.argv[0]).name} [--check DIR]", file=sys.stderr)
    return 2
