"""The model card of the action unit network, written from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.face.units import LABELS
from quantize.evaluation.tables import Table
from quantize.faces.assets import SOURCES, shared_folder
from quantize.faces.dataset import PER_PERSON
from quantize.faces.evaluate import PAIN_PSPI, RESIDUAL_AT, Chosen
from quantize.faces.evaluation.figures import Earlier, Figures
from quantize.faces.evaluation.groups import UNFAIR
from quantize.faces.evaluation.html import CANNOT_SHOW
from quantize.faces.evaluation.tables import tables


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card states beside the figures.

    Attributes:
        seed: of faces and training.
        renders, asked_renders: pictures made and asked for.
        epochs, best_epoch: passes over the training faces, and the one whose weights were kept.
        teachers: networks of other seeds that were trained first and taught it beside the truth.
        history: mean r on the tuning identities after each epoch.
        weights: numbers learnt.
        multiply_adds: of one face.
        size: bytes of the exported file.
        delegated: whether XNNPACK takes the whole graph; None where the runtime does not tell.
        identities, counts: people and faces of the parts train, tune and test.
        chosen: what tuning decided.
    """

    seed: int
    renders: int
    asked_renders: int
    epochs: int
    best_epoch: int
    teachers: int
    history: tuple[float, ...]
    weights: int
    multiply_adds: int
    size: int
    delegated: bool | None
    identities: dict[str, int]
    counts: dict[str, int]
    chosen: Chosen


def markdown(table: Table) -> str:
    """A table with its title and note."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (table.head, ("---",) * len(table.head), *table.rows)]
    escaped = [
        line.replace("AU6|7", "AU6\\|7").replace("AU9|10", "AU9\\|10").replace("26|27", "26\\|27") for line in lines
    ]
    return "\n".join([f"### {table.title}", "", *escaped, *(["", table.note] if table.note else [])])


def _sources() -> str:
    shared = shared_folder()
    return "\n".join(
        f"| {source.name} | {source.licence} | {len(source.files(shared))} | `{source.digest(shared)}` |"
        for source in SOURCES
    )


def _parts(facts: Facts) -> str:
    uses = {
        "train": "weights, int8 ranges",
        "tune": "epoch, smile discount, rest, interval, calibration",
        "test": "the figures below, nothing else",
    }
    return "\n".join(
        f"| {part} | {facts.identities[part]} | {facts.counts[part]} | {use} |" for part, use in uses.items()
    )


def _fairness(figures: Figures, earlier: Earlier | None) -> str:
    unfair = figures.unfair
    if unfair:
        named = "; ".join(f"{group.axis} {group.name} ({group.ratio.value:.2f} times)" for group in unfair)
        text = f"Above {UNFAIR:g} times the mean of their axis: **{named}**."
    else:
        text = f"No group of enough people is above {UNFAIR:g} times the mean of its axis."
    before = " The columns `before` are of the network before its training faces were drawn anew." if earlier else ""
    return (
        f"{text}{before} Groups of people are sex, age, ancestry, skin and what rests in the face (trait); the others "
        "are circumstances of a picture. A group of fewer than eight people is shown and not judged."
    )


def _settings(chosen: Chosen) -> str:
    rows = {
        "smile_share": (chosen.smile_share,),
        "rest (5th, 50th, 95th percentile of neutral faces)": chosen.rest,
        "residual_at": RESIDUAL_AT,
        "residual_low": chosen.residual_low,
        "residual_high": chosen.residual_high,
    }
    return "\n".join(f"| {name} | {', '.join(f'{value:.3f}' for value in values)} |" for name, values in rows.items())


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def card(facts: Facts, figures: Figures, earlier: Earlier | None = None) -> str:
    """The card in Markdown; with an earlier evaluation's groups beside the present ones if given."""
    command = (
        f"python -m quantize faces --seed {facts.seed} --renders {facts.asked_renders} --epochs {facts.epochs}"
        f" --teachers {facts.teachers}"
    )
    tried = "\n".join(
        f"| {share:g} | {smile:.3f} | {calm:.3f} |" for share, (smile, calm) in facts.chosen.tried.items()
    )
    history = ", ".join(f"{value:.3f}" for value in facts.history)
    delegated = "the whole graph is delegated to XNNPACK" if facts.delegated else "NOT wholly delegated to XNNPACK"
    measured = "\n\n".join(markdown(table) for table in tables(figures, earlier))
    chosen = facts.chosen
    return f"""# Model card: face_au

## What it is for
It reads the intensity (0 to 5) of {len(LABELS)} facial action units ({", ".join(LABELS)}), how unsure each is, which
parts of the face are seen, where the face lies, and a descriptor that tells two people in one room apart, from an
80 x 80 grey picture of one face (`edge/face/align.py`). The box turns the action units into PSPI (Prkachin & Solomon
2008) and publishes its change against the same person's resting face, to call a nurse's attention to somebody who
cannot say that they hurt. It notices movements of a face; it does not know what a person feels.

**Not for**: deciding on treatment, or on leaving it; measuring pain in somebody who can be asked; recognising who
somebody is (the descriptor is kept in memory, and is too short for it); children; any use where a face that shows
nothing would be taken for a person who feels nothing.

**Shape.** int8 in (1, 80, 80, 1), five int8 outputs; {facts.weights:,} weights, {facts.multiply_adds / 1e6:.1f} million
multiply-adds, {facts.size:,} bytes; plain 3x3 convolutions; {delegated} (ai-edge-litert). Licence: Apache-2.0.

## How it was made
`{command}` from the repository root, with ANODYNE_SHARED naming the folder of the head assets and the extra
`quantize` installed; seed {facts.seed}. {facts.renders:,} faces were rendered and the network trained for
{facts.epochs} epochs. The epoch that read the tuning identities best was kept: {facts.best_epoch}. Mean r on them by
epoch: {history}. Renders depend on the seed only; training sums floats in an order that may differ between processors.
Half of what it was taught is the truth, half the mean of {facts.teachers} networks of other seeds that were trained on
the same faces first. `python -m quantize evaluate face` measures the shipped network again.

What was tried and did not pay is in docs/face.md.

## Data
No photograph of anybody. Every face is a rendered person who does not exist, {PER_PERSON} pictures each, shape, age,
sex, ancestry, weight, skin and what rests in the face drawn from one seed; lying and upright; things worn, lights and
camera faults as listed under the groups below. Action units are sculpted with the assets named here, their full weight
taken as intensity 5.

| source | licence of what is used | files | SHA-256 over names and contents |
|---|---|---|---|
{_sources()}

FACSHuman's sculpts (LGPL-3.0) are measured on and never trained on: the network is made of CC0 assets and our own
sculpts alone.

| part | identities | faces | used for |
|---|---|---|---|
{_parts(facts)}

## Protocol
Nobody is in two parts. Everything that is chosen (epoch, smile discount, interval, calibration) is chosen on the tuning
identities; the test identities are measured once. Rest is the mean of the same identity's other neutral faces. int8
means the exported file in the interpreter that the box uses. Intervals are percentiles of a bootstrap over people, not
over pictures ({figures.rounds} rounds, seed {figures.seed}), because pictures of one face err together.
{_bullets(figures.notes)}

## Measured
{measured}

## Groups
{_fairness(figures, earlier)}

## Smiles
A felt smile raises the cheek (AU6), and a wide one lifts the upper lip, which looks like AU10: PSPI counts both. The
estimator takes `smile_share` x (min(max(AU6, AU7), AU12) + min(max(AU9, AU10), AU12)) x (1 - max(AU4, AU9) / 5) out.
The share was chosen on the tuning identities, where the sum of both columns is largest:

| share | AUC pain against smiles | AUC pain against calm |
|---|---|---|
{tried}

## Settings in the bundle
| name | value |
|---|---|
{_settings(chosen)}

`residual_*`: 5th and 95th percentile of true minus read change where the read change is near `residual_at`.
Calibration: log-odds that the true change is >= {PAIN_PSPI:g} are {chosen.slope:.3f} x change {chosen.intercept:+.3f},
both classes weighing the same: how often people hurt is not something that rendered faces can say.

## Limits
- **Not tried on patients.** All figures are of rendered faces of the renderer that it learnt from: real faces are
  harder, and nothing here is a clinical accuracy.
- AU6 and AU7, and AU9 and AU10, are taken for each other; PSPI takes the larger of each.
- Intensities are shares of a sculpted maximum, not codes by certified FACS coders.
- Sneezes, disgust, anger and a squint against light hold action units of pain. In a single picture they are pain to
  PSPI; only the course in time parts some of them.
- A reference that is learnt while somebody is in pain hides that pain.

What no open data can show:
{_bullets(CANNOT_SHOW)}

A clinic that holds the licence of UNBC-McMaster or DISFA, or has coded pictures of its own, gets the same report with
`python -m quantize evaluate face --data unbc:FOLDER`.
"""
