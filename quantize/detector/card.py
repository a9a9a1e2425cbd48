"""The model card of the detector, written from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from edge.face.scan import HEIGHT_PX, STRIDES, WIDTH_PX
from quantize.detector.evaluate import FALSE_AT_MOST, HIT, Figures, Share
from quantize.detector.network import multiply_adds
from quantize.faces.assets import SOURCES, shared_folder
from quantize.faces.rooms import LARGEST_PX, SMALLEST_PX

RECALL_TARGET, MASK_TARGET = 0.97, 0.90
"""What was aimed at, over all rolls on unseen scenes, and with an oxygen mask."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the card states.

    Attributes:
        seed, scenes, epochs, persons: of the command.
        counts: pictures per part.
        history: mean loss per epoch.
        weights, size: learnt numbers, and bytes of the file.
        delegated: whether XNNPACK runs the whole graph.
        least: threshold in the bundle.
        tried: threshold to recall and false faces per picture on the tuning scenes.
        figures: of the test scenes.
    """

    seed: int
    scenes: int
    epochs: int
    persons: int
    counts: dict[str, int]
    history: tuple[float, ...]
    weights: int
    size: int
    delegated: bool | None
    least: float
    tried: dict[float, tuple[float, float]]
    figures: Figures


def _recall(recall: dict[str, Share]) -> str:
    rows = [f"| {name} | {share.value:.3f} | {share.count} |" for name, share in recall.items() if share.count]
    return "\n".join(["| faces | recall | count |", "|---|---|---|", *rows])


def _verdict(facts: Facts) -> str:
    recall = facts.figures.recall
    mask = recall.get("worn mask", Share(0, 0)).value
    return (
        f"Aimed at: {RECALL_TARGET} over all rolls, {MASK_TARGET} with an oxygen mask. Reached: "
        f"{recall['all'].value:.3f} and {mask:.3f}."
    )


def card(facts: Facts) -> str:
    """The card in Markdown."""
    command = (
        f"python -m quantize detector --seed {facts.seed} --scenes {facts.scenes} --epochs {facts.epochs} "
        f"--persons {facts.persons}"
    )
    figures = facts.figures
    tried = "\n".join(f"| {least:g} | {recall:.3f} | {false:.3f} |" for least, (recall, false) in facts.tried.items())
    shared = shared_folder()
    sources = "\n".join(f"| {one.name} | {one.licence} | `{one.digest(shared)}` |" for one in SOURCES)
    delegated = "the whole graph is delegated to XNNPACK" if facts.delegated else "NOT wholly delegated to XNNPACK"
    history = ", ".join(f"{value:.1f}" for value in facts.history)
    return f"""# Model card: face_find

**What it does.** Finds heads in a grey picture of a room at any roll: box, eyes, nose, corners of the mouth, which
parts are uncovered, and whether the face looks away. It says where a face is, never whose: telling the patient from a
visitor is the follower's work (`edge/face/follow.py`), by place, size and a descriptor that lives in memory only.

**Intended use.** One bedside camera that is pointed at a patient's pillow. Not for counting, identifying or watching
people.

**Shape.** int8 in (1, {HEIGHT_PX}, {WIDTH_PX}, 1), int8 out on two grids (one cell per {STRIDES[0]} and {STRIDES[1]}
pixels); {facts.weights:,} weights, {facts.size:,} bytes, {multiply_adds() / 1e6:.1f} M multiply-adds; plain 3x3
convolutions; {delegated} (ai-edge-litert). Boxes from {SMALLEST_PX:g} to {LARGEST_PX:g} pixels of the input, that is
{SMALLEST_PX * 640 / WIDTH_PX:.0f} to {LARGEST_PX * 640 / WIDTH_PX:.0f} of a VGA picture.

**How it was made.** `{command}` from the repository root, with ANODYNE_SHARED naming the folder of the head assets and
the extra `quantize` installed. Training takes the better part of an hour on one x86-64 core and goes on
where it was interrupted. Mean loss by epoch: {history}. Everything but the order of floating-point sums depends on the
seed.

## Data
No photograph of anybody. {facts.persons} rendered people who do not exist, eight heads each, two of them turned away
(yaw 75 to 180 degrees), half of them with a mask, a cannula, a tube, glasses, a dressing or a hand; cut out and pasted
into painted rooms: walls, windows, beds, pillows, blankets, rails, machines, letters, lamps, printed cloth, clutter,
bodies and hands. Nobody (16 %), one (60 %) or two heads; two thirds of the first ones lie, at any roll within ±112
degrees; a twentieth under a blanket. Shadows, glare, blur, noise, JPEG, dim light. Nobody and no scene is in two parts.

| part | scenes | used for |
|---|---|---|
| train | {facts.counts["train"]} | weights, int8 ranges |
| tune | {facts.counts["tune"]} | the threshold |
| test | {facts.counts["test"]} | the figures below, nothing else |

| source | licence of what is used | SHA-256 over names and contents |
|---|---|---|
{sources}

## Measured on the test scenes (int8, through the daemon's own decoder)
{_verdict(facts)} A box is right from {HIT} of the union of two turned squares. Sides are pixels of the input
({WIDTH_PX} wide), rolls and yaws degrees.

{_recall(figures.recall)}

| | |
|---|---|
| false faces per picture, {figures.empty} rooms without anybody | {figures.false_empty:.4f} |
| false faces per picture, all rooms | {figures.false_all:.4f} |
| landmarks off by, mean, sides of the box | {figures.points:.3f} |
| roll off by, median and 90th percentile, degrees | {figures.roll_off[0]:.1f}, {figures.roll_off[1]:.1f} |
| regions whose visibility was told rightly | {figures.visible:.3f} |
| turned heads said to be turned | {figures.turned_seen.value:.3f} of {figures.turned_seen.count} |
| turned heads taken for a face | {figures.turned_as_face.value:.3f} |
| faces taken for a turned head | {figures.face_as_turned.value:.3f} |

## Threshold
The least probability of a head, {facts.least:g}, is the lowest of those tried with at most {FALSE_AT_MOST:g} false
faces per picture on the tuning scenes:

| least | recall | false faces per picture |
|---|---|---|
{tried}

## Limits
- **Not tried on patients.** Scenes and heads are painted by the renderer that it learnt from; real rooms are harder.
  Four real clips (one person, upright, and a film's title) were replayed to look for gross errors; nothing was fitted
  to them.
- Rendered heads wear no scarves, hats or veils; skins come from eighteen pictures.
- Faces beyond 110 degrees of roll (upside down to the camera) were not drawn: turn the camera.
- A face below {SMALLEST_PX * 640 / WIDTH_PX:.0f} pixels of a VGA picture is not looked for; the action unit network
  needs 48 anyway.
- Whether a face is covered is told coarsely (five regions); a blanket over the whole head is "no face".
"""
