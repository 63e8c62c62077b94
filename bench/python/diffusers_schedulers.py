"""Writes test/fixtures/diffusers-schedulers.json: ends of diffusers' schedulers on given points, noise and predictions.

    pip install diffusers torch && python bench/python/diffusers_schedulers.py

The model is the exact prediction of the noise for Gaussian data of deviation 0.5 and mean 0.3, in float64, so that any
program can make it. Equations and defaults are those of the library; nothing here depends on a trained network.
"""

import json
from pathlib import Path

import diffusers.schedulers.scheduling_ddim as ddim
import diffusers.schedulers.scheduling_ddpm as ddpm
import diffusers.schedulers.scheduling_dpmsolver_multistep as dpm
import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from diffusers import __version__ as version

MEAN, DEVIATION = 0.3, 0.5
STEPS, POINTS = 8, 4
betas = dict(num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear")
BAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))


def eps(x, k):
    """E[eps | x_t = x] at the discrete step k = 0 .. 999."""
    alpha, sigma = np.sqrt(BAR[k]), np.sqrt(1 - BAR[k])
    return sigma * (x - alpha * MEAN) / ((alpha * DEVIATION) ** 2 + sigma**2)


def follow(scheduler, start, noise, **options):
    """Times and end of a scheduler that is given its noise, in the place of a generator's."""
    scheduler.set_timesteps(STEPS)
    x = torch.tensor(start, dtype=torch.float64)
    times = [int(t) for t in scheduler.timesteps]
    used = []

    def given(shape, *_, **__):
        z = torch.tensor(noise[len(used)], dtype=torch.float64)
        used.append(len(used))
        return z

    for module in (ddim, ddpm, dpm):
        module.randn_tensor = given
    for k in times:
        predicted = torch.tensor(eps(x.numpy(), k), dtype=torch.float64)
        x = scheduler.step(predicted, k, x, **options).prev_sample
    return times, x.numpy().tolist()


rng = np.random.default_rng(0)
start = rng.standard_normal((POINTS, 2)).tolist()
noise = rng.standard_normal((STEPS, POINTS, 2)).tolist()

common = dict(**betas, clip_sample=False, timestep_spacing="trailing")
multistep = dict(**betas, timestep_spacing="trailing", final_sigmas_type="zero", lower_order_final=False)
cases = []
for method, options, scheduler, step in [
    ("ddim", {}, DDIMScheduler(**common, set_alpha_to_one=True), {}),
    ("ddim", {"eta": 0.6}, DDIMScheduler(**common, set_alpha_to_one=True), {"eta": 0.6}),
    ("ancestral", {}, DDPMScheduler(**common, variance_type="fixed_small"), {}),
    ("dpm++2m", {}, DPMSolverMultistepScheduler(**multistep, solver_type="midpoint"), {}),
    ("sde-dpm++2m", {}, DPMSolverMultistepScheduler(**multistep, algorithm_type="sde-dpmsolver++"), {}),
]:
    times, end = follow(scheduler, start, noise, **step)
    cases.append({"method": method, "options": options, "scheduler": type(scheduler).__name__, "times": times, "end": end})

out = Path(__file__).parents[2] / "test" / "fixtures" / "diffusers-schedulers.json"
fixture = {
    "diffusers": version,
    "data": {"mean": MEAN, "deviation": DEVIATION},
    "start": start,
    "noise": noise,
    "cases": cases,
}
out.write_text(json.dumps(fixture, indent=1) + "\n")
print(out, [case["times"] for case in cases][:1])
