"""Fits the upper layers and the heads to prepared rows; goes on where it was stopped.

Every ten minutes and at the end the weights lie in one safetensors file, with the learner's moments
and the step reached. The order of the batches depends on the seed only, so that a fit that was
stopped ends as one that was not.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_heads import HEADS
from classifiers.training.prompts import encoder
from classifiers.training.prompts.libraries import Learner, Tensor, functional, safetensors, torch
from classifiers.training.prompts.lower import Lowered
from classifiers.training.prompts.rows import Row

_SAVED_EVERY: Final = 400
_TOLD_EVERY: Final = 50
_POOL: Final = 64
"""Batches drawn together and sorted by length, so that little is padded."""
_MOST_WEIGHT: Final = 6.0
_MOMENTS: Final = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a fit is done; it is written into the model card."""

    seed: int
    epochs: int = 2
    batch: int = 32
    rate: float = 6e-5
    head_rate: float = 2e-3
    warmup: float = 0.06
    decay: float = 0.01
    dropout: float = 0.1
    smoothing: float = 0.01


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the whole encoder says of the rows that a student learns from."""

    pooled: Tensor
    """The mean of its last layer, rows x 384; of rows that nobody learns from, anything."""
    likelihoods: Tensor
    """Its answers, rows x heads."""


def targets(rows: Sequence[Row]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return labels, and how much each counts: 0 where a source says nothing.

    What is rare counts more, by the root of how rare it is.
    """
    wanted = np.zeros((len(rows), len(HEADS)), np.float32)
    known = np.zeros_like(wanted)
    for at, row in enumerate(rows):
        for column, head in enumerate(HEADS):
            if head in row.labels:
                wanted[at, column], known[at, column] = row.labels[head], 1.0
    positive = (wanted * known).sum(0)
    rarity = np.sqrt(known.sum(0) / np.maximum(positive, 1.0))
    return wanted, known * np.where(wanted > 0, np.clip(rarity, 1.0, _MOST_WEIGHT), 1.0)


def fit(
    start: Mapping[str, Tensor],
    rows: Sequence[Row],
    lowered: Lowered,
    chosen: Sequence[int],
    plan: Plan,
    checkpoint: Path,
    depth: encoder.Depth,
    lesson: Lesson | None = None,
) -> encoder.Weights:
    """Fit to the chosen rows and return all weights; `checkpoint` holds what was reached.

    With a lesson, half of each label is what the teacher says, where the source says anything at
    all; and the mean of the last layer is drawn to the teacher's.
    """
    weights = {name: value.clone() for name, value in start.items()}
    wanted, known = map(torch.from_numpy, targets(rows))
    batches = list(_batches(lowered, chosen, plan))
    learner, rates = _learner(weights, plan, depth)
    done = _resume(weights, learner, checkpoint, depth)
    begun, losses = time.perf_counter(), 0.0
    torch.manual_seed(plan.seed + done)
    for step in range(done, len(batches)):
        for group, rate in zip(learner.param_groups, rates, strict=True):
            group["lr"] = rate * _schedule(step / len(batches), plan.warmup)
        x, mask = lowered.batch(batches[step])
        x = encoder.layers(weights, x, mask, depth.fitted, plan.dropout)
        pooled = encoder.mean(x, mask)
        logits = encoder.answer(weights, pooled)
        goal = wanted[batches[step]] * (1 - 2 * plan.smoothing) + plan.smoothing
        if lesson:
            goal = (goal + lesson.likelihoods[batches[step]]) / 2
        loss = functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
        loss = (loss * known[batches[step]]).sum() / known[batches[step]].sum()
        if lesson:
            told = lesson.pooled[batches[step]]
            loss = loss + functional.mse_loss(pooled, told) / told.var()
        learner.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(
            [one for group in learner.param_groups for one in group["params"]], 1.0
        )
        learner.step()
        losses += loss.item()
        if (step + 1) % _TOLD_EVERY == 0:
            speed = (step + 1 - done) * plan.batch / (time.perf_counter() - begun)
            told = {
                "step": step + 1,
                "of": len(batches),
                "loss": losses / _TOLD_EVERY,
                "rows/s": speed,
            }
            print(json.dumps(told), flush=True)
            losses = 0.0
        if (step + 1) % _SAVED_EVERY == 0 or step + 1 == len(batches):
            _save(weights, learner, checkpoint, step + 1, plan, depth)
    return {name: value.detach() for name, value in weights.items()}


def _learner(
    weights: encoder.Weights, plan: Plan, depth: encoder.Depth
) -> tuple[Learner, tuple[float, float]]:
    names = _fitted(weights, depth)
    upper = [weights[name] for name in names if not name.startswith("heads")]
    heads = [weights[name] for name in names if name.startswith("heads")]
    for one in (*upper, *heads):
        one.requires_grad_(requires_grad=True)
    groups = [{"params": upper}, {"params": heads}]
    return torch.optim.AdamW(groups, weight_decay=plan.decay), (plan.rate, plan.head_rate)


def _fitted(weights: Mapping[str, Tensor], depth: encoder.Depth) -> list[str]:
    names = tuple(f"encoder.layer.{layer}." for layer in depth.fitted)
    return sorted(name for name in weights if name.startswith((*names, "heads.")))


def _batches(lowered: Lowered, chosen: Sequence[int], plan: Plan) -> Iterator[list[int]]:
    random = Random(plan.seed)  # noqa: S311  # to be repeated, not to be secret
    for _ in range(plan.epochs):
        order = list(chosen)
        random.shuffle(order)
        size = plan.batch * _POOL
        for start in range(0, len(order), size):
            pool = sorted(order[start : start + size], key=lowered.length)
            parts = [pool[at : at + plan.batch] for at in range(0, len(pool), plan.batch)]
            random.shuffle(parts)
            yield from parts


def _schedule(share: float, warmup: float) -> float:
    return share / warmup if share < warmup else (1 - share) / (1 - warmup)


def _resume(
    weights: encoder.Weights, learner: Learner, checkpoint: Path, depth: encoder.Depth
) -> int:
    if not checkpoint.exists():
        return 0
    known = safetensors.load_file(checkpoint)
    with torch.no_grad():
        for name in _fitted(weights, depth):
            weights[name].copy_(known[name])
            learner.state[weights[name]] = {
                "step": known["step"].float(),
                **{moment: known[f"{moment}/{name}"] for moment in _MOMENTS},
            }
    return int(known["step"])


def _save(
    weights: encoder.Weights,
    learner: Learner,
    checkpoint: Path,
    step: int,
    plan: Plan,
    depth: encoder.Depth,
) -> None:
    kept = {name: weights[name].detach() for name in _fitted(weights, depth)}
    for name in list(kept):
        kept |= {f"{moment}/{name}": learner.state[weights[name]][moment] for moment in _MOMENTS}
    kept["step"] = torch.tensor(step)
    part = checkpoint.with_suffix(".part")
    safetensors.save_file(kept, part, {"plan": json.dumps(asdict(plan))})
    part.rename(checkpoint)


def choose(rows: Sequence[object], most: int, seed: int) -> list[int]:
    """Return at most so many rows, all classes shrunk alike."""
    everything = range(len(rows))
    return sorted(Random(seed).sample(everything, min(most, len(rows))))  # noqa: S311


def upper(
    weights: Mapping[str, Tensor], lowered: Lowered, depth: encoder.Depth, batch: int = 64
) -> NDArray[np.float32]:
    """Return the mean of the last layer of every text: N x 384."""
    count = len(lowered.starts) - 1
    order = sorted(range(count), key=lowered.length)
    found = np.zeros((count, encoder.WIDTH), np.float32)
    with torch.inference_mode():
        for start in range(0, count, batch):
            rows = order[start : start + batch]
            x, mask = lowered.batch(rows)
            x = encoder.layers(weights, x, mask, depth.fitted)
            found[rows] = encoder.mean(x, mask).numpy()
    return found
