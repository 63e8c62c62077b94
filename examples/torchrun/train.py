"""
Trains what `oxbow export RUN --format training` wrote, on any number of processes and machines:

    npx oxbow train --data ring --objective lsd --batch 512 --diagonal.fraction 0.25 --steps 1 --out runs/big
    npx oxbow export runs/big --format training --from-start --train-to 6000 --parts 8
    torchrun --nproc-per-node 8 examples/torchrun/train.py runs/big/training
    npx oxbow import runs/big/training

Each process computes the gradients of its own parts of every batch by ONNX Runtime, torch.distributed sums them, and every process
makes the same update. The draws come from Oxbow's random streams, by `oxbow draws`, so that N processes train what one does. Started
again, it goes on from the state that it saved last.

Needs: torch, onnxruntime (or onnxruntime-gpu), numpy, safetensors, and Node for `npx oxbow`.
"""

import argparse
import json
import os
import shlex
import subprocess
import time
from math import prod

import numpy as np
import onnxruntime as ort
import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.numpy import save_file

TYPES = {"float32": np.dtype("<f4"), "int64": np.dtype("<i8")}


def arguments():
    parser = argparse.ArgumentParser(description="Train an exported Oxbow training.")
    parser.add_argument("folder")
    parser.add_argument("--provider", help="of ONNX Runtime, e.g. CUDAExecutionProvider (default: the best there is)")
    parser.add_argument("--backend", help="of torch.distributed (default: nccl with CUDA, else gloo)")
    parser.add_argument("--threads", type=int, default=0, help="of ONNX Runtime in each process")
    parser.add_argument("--oxbow", default="npx oxbow", help="the command")
    return parser.parse_args()


def session(path, provider, threads, device):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    chosen = provider or ort.get_available_providers()[0]
    providers = [(chosen, {"device_id": device}) if chosen.startswith("CUDA") else chosen]
    return ort.InferenceSession(path, options, providers=[*providers, "CPUExecutionProvider"][: 1 if chosen.startswith("CPU") else 2])


def load(folder, names):
    """The state to go on from, and its step: what was saved last, or the start."""
    saved = os.path.join(folder, "result.safetensors")
    path = saved if os.path.exists(saved) else os.path.join(folder, "start.safetensors")
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in names}, int(file.metadata()["step"])


def save(folder, state, step):
    path = os.path.join(folder, "result.safetensors")
    save_file(state, path + ".part", {"format": "oxbow-training", "step": str(step)})
    with open(path + ".part", "rb") as file:
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def read(stream, ports):
    """The arrays of some inputs, as they come one after another."""
    arrays = {}
    for port in ports:
        kind, count = TYPES[port["dtype"]], prod(port["shape"])
        data = stream.read(count * kind.itemsize)
        if len(data) < count * kind.itemsize:
            raise SystemExit("oxbow draws ended early; its message is above")
        arrays[port["name"]] = np.frombuffer(data, kind).reshape(port["shape"])
    return arrays


def main():
    args = arguments()
    with open(os.path.join(args.folder, "signature.json")) as file:
        training = json.load(file)["training"]
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = int(os.environ.get("LOCAL_RANK", 0))
    parts, steps = training["parts"], training["steps"]
    if parts % world:
        raise SystemExit(f"{parts} parts cannot be shared by {world} processes: export with --parts {world}")
    backend = args.backend or ("nccl" if torch.cuda.is_available() else "gloo")
    if world > 1:
        dist.init_process_group(backend)
    of = lambda graph, source: [port for port in training[graph]["inputs"] if port.get("from") == source]
    graphs = {g: session(os.path.join(args.folder, g + ".onnx"), args.provider, args.threads, device) for g in ("gradients", "update")}
    names = [port["name"].removeprefix("state.") for port in of("update", "state")]
    state, first = load(args.folder, names)
    own = [str(part) for part in range(rank * parts // world, (rank + 1) * parts // world)]
    if first < steps:
        command = [*shlex.split(args.oxbow), "draws", args.folder, "--from", str(first + 1), "--to", str(steps)]
        draws = subprocess.Popen([*command, "--parts", ",".join(own)], stdout=subprocess.PIPE, bufsize=1 << 20)
    sums = training["gradients"]["outputs"]
    ends = np.cumsum([prod(port["shape"]) for port in sums])[:-1]
    log = open(os.path.join(args.folder, "log.jsonl"), "a") if rank == 0 else None
    if log:
        log.write("\n")  # The last line of a killed launcher may be cut short.
    began = time.monotonic()
    for step in range(first + 1, steps + 1):
        schedule = read(draws.stdout, of("update", "schedule"))
        inputs = {"state." + name: value for name, value in state.items()}
        known = {port["name"]: {**inputs, **schedule}[port["name"]] for port in of("gradients", "state") + of("gradients", "schedule")}
        total = np.zeros(sum(prod(port["shape"]) for port in sums), np.float32)
        for _ in range(training["batches"] * len(own)):
            shares = graphs["gradients"].run(None, {**known, **read(draws.stdout, of("gradients", "draws"))})
            total += np.concatenate([share.ravel() for share in shares])
        if world > 1:
            summed = torch.from_numpy(total).to(f"cuda:{device}" if backend == "nccl" else "cpu")
            dist.all_reduce(summed)
            total = summed.cpu().numpy()
        *gradients, lines = np.split(total, ends)
        fed = {port["name"]: gradient for port, gradient in zip(of("update", "gradients"), gradients)}
        *after, norms = graphs["update"].run(None, {**inputs, **schedule, **fed})
        if not np.isfinite(lines).all() or not np.isfinite(norms).all():
            raise SystemExit(f"step {step}: {dict(zip(training['lines'], lines.tolist()))} not finite; saved is the state before")
        state = dict(zip(names, after))
        if rank == 0:
            line = {"step": step, "norms": norms.tolist(), "lines": lines.tolist(), "seconds": time.monotonic() - began}
            log.write(json.dumps(line) + "\n")
            if step % training["saveEvery"] == 0 or step == steps:
                log.flush()
                os.fsync(log.fileno())
                save(args.folder, state, step)
                print(f"step {step} of {steps}: loss {lines[0]:.4g}", flush=True)
    if world > 1:
        dist.destroy_process_group()


main()
