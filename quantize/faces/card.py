"""The model card of the action unit network, written from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from edge.face.units import LABELS
from quantize.faces.assets import SOURCES, shared_folder
from quantize.faces.dataset import PER_PERSON
from quantize.faces.entry import Settings
from quantize.faces.evaluate import PAIN_PSPI, Scores


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the card states; see the fields of the classes it is made of."""

    seed: int
    renders: int
    asked_renders: int
    epochs: int
    best_epoch: int
    history: tuple[float, ...]
    weights: int
    size: int
    delegated: bool | None
    identities: dict[str, int]
    counts: dict[str, int]
    float_scores: Scores
    int8_scores: Scores
    smile_tried: dict[float, tuple[float, float]]
    parameters: Settings
    line: tuple[float, float]
    coverage: float


def _units_table(plain: Scores, int8: Scores) -> str:
    rows = [
        f"| {name} | {plain.r[name]:.3f} | {int8.r[name]:.3f} | {plain.error[name]:.2f} | {int8.error[name]:.2f} |"
        for name in LABELS
    ]
    rows += [
        f"| PSPI | {plain.pspi_r:.3f} | {int8.pspi_r:.3f} | {plain.pspi_error:.2f} | {int8.pspi_error:.2f} |",
        f"| PSPI change | {plain.change_r:.3f} | {int8.change_r:.3f} | {plain.change_error:.2f} | "
        f"{int8.change_error:.2f} |",
    ]
    head = "| | r, float | r, int8 | MAE, float | MAE, int8 |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def _separation_table(plain: Scores, int8: Scores) -> str:
    def row(name: str, first: float, second: float) -> str:
        return f"| {name} | {first:.3f} | {second:.3f} |"

    return "\n".join(
        [
            "| | float | int8 |\n|---|---|---|",
            row(f"AUC, pain (PSPI >= {PAIN_PSPI:g}) against calm kinds", plain.pain_auc, int8.pain_auc),
            row("AUC, pain against smiles", plain.smile_auc, int8.smile_auc),
            row("the same without the smile discount", plain.smile_auc_plain, int8.smile_auc_plain),
            row(f"share of sleeping faces above a change of {PAIN_PSPI / 2:g}", plain.sleep_over, int8.sleep_over),
            row("effective rank of the nine outputs", plain.rank, int8.rank),
            row("effective rank of the truth", plain.true_rank, int8.true_rank),
            row("only AU4 is strong: mean AU4", plain.only_4[0], int8.only_4[0]),
            row("only AU4 is strong: mean AU9", plain.only_4[1], int8.only_4[1]),
            row("only AU9 is strong: mean AU4", plain.only_9[0], int8.only_9[0]),
            row("only AU9 is strong: mean AU9", plain.only_9[1], int8.only_9[1]),
        ]
    )


def _sources() -> str:
    shared = shared_folder()
    return "\n".join(
        f"| {source.name} | {source.licence} | {len(source.files(shared))} | `{source.digest(shared)}` |"
        for source in SOURCES
    )


def card(facts: Facts) -> str:
    """The card in Markdown."""
    command = f"python -m quantize faces --seed {facts.seed} --renders {facts.asked_renders} --epochs {facts.epochs}"
    kinds = "\n".join(f"| {kind} | {value:+.2f} |" for kind, value in facts.int8_scores.by_kind.items())
    tried = "\n".join(f"| {share:g} | {smile:.3f} | {calm:.3f} |" for share, (smile, calm) in facts.smile_tried.items())
    settings = "\n".join(
        f"| {name} | {', '.join(f'{value:.3f}' for value in values)} |" for name, values in facts.parameters.items()
    )
    history = ", ".join(f"{value:.3f}" for value in facts.history)
    delegated = "the whole graph is delegated to XNNPACK" if facts.delegated else "NOT wholly delegated to XNNPACK"
    return f"""# Model card: face_au

**What it does.** Reads the intensity (0 to 5) of nine facial action units ({", ".join(LABELS)}) from an 80 x 80 grey
picture of one face, cut and normalised by `edge/face/align.py`. The estimator turns them into PSPI (Prkachin &
Solomon 2008) and publishes its change against the same person's resting face. It notices movements of a face; it does
not know what a person feels.

**Shape.** int8 in (1, 80, 80, 1), int8 out (1, {len(LABELS)}); {facts.weights:,} weights, {facts.size:,} bytes; plain
3x3 convolutions; {delegated} (ai-edge-litert).

**How it was made.** `{command}` from the repository root, with ANODYNE_SHARED naming the folder of the head assets and
the extra `quantize` installed. {facts.renders:,} faces were rendered and the network trained for {facts.epochs} epochs;
on two x86-64 cores shared with other work that took 5 to 14 and 13 to 18 minutes in two runs. The epoch that read the
tuning identities best was kept: {facts.best_epoch}. Mean r on them by epoch: {history}.
Renders depend on the seed only; training sums floats in an order that may differ between processors.

## Data
No photograph of anybody. Every face is a rendered person who does not exist: shape by age (half of them old), sex,
ancestry and weight, skin, hair, beard, brows and wrinkles from one seed; {PER_PERSON} pictures each; yaw within ±35°,
pitch ±20°, roll ±30°; two lamps; walls, rooms and pillows behind; blur, noise, dim light, a tenth with an oxygen mask,
a cannula, a hand or a sheet in front. Action units come from two independent sculpts of the same head (half of the
faces FACSHuman's, a fifth MPFB2's, the rest mixtures), their full weight taken as intensity 5. Brows and wrinkles are
painted by our own code.

| source | licence of what is used | files | SHA-256 over names and contents |
|---|---|---|---|
{_sources()}

| part | identities | faces | used for |
|---|---|---|---|
| train | {facts.identities["train"]} | {facts.counts["train"]} | weights, int8 ranges |
| tune | {facts.identities["tune"]} | {facts.counts["tune"]} | epoch, smile discount, rest, interval, calibration |
| test | {facts.identities["test"]} | {facts.counts["test"]} | the figures below, nothing else |

## Measured on the test identities
{_units_table(facts.float_scores, facts.int8_scores)}

PSPI change: against the mean of the same identity's other neutral faces, a smile's share taken out of both.

{_separation_table(facts.float_scores, facts.int8_scores)}

Mean change of PSPI by kind of expression, int8:

| kind | change |
|---|---|
{kinds}

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
{settings}

`rest_*`: 5th, 50th and 95th percentile of the level of neutral faces. `residual_*`: 5th and 95th percentile of true
minus read change where the read change is near `residual_at`; on the test identities {facts.coverage:.1%} lie within
(aimed at 90 %). Calibration: log-odds that the true change is >= {PAIN_PSPI:g} are
{facts.line[0]:.3f} x change {facts.line[1]:+.3f}, both classes weighing the same: how often people hurt is not
something that rendered faces can say.

## Limits
- **Not tried on patients.** All figures are of rendered faces of the renderer that it learnt from: real faces are
  harder, and nothing here is a clinical accuracy. Three real clips of one person were replayed (neutral to a toothy
  smile; the face leaves; it returns): a check for gross errors, not a validation. The first network read that smile as
  a PSPI change of 4.8; faces that bare their teeth when they smile, and the discount of the levator, brought it to 1.6
  at most. Both were made after looking at that clip, so it is no independent evidence any more.
- MPFB2's sculpt has no cheek raiser of its own: AU6 and AU7 are told apart poorly; PSPI takes the larger of them.
- AU9 and AU10 are taken for each other; PSPI takes the larger.
- Intensities are shares of a sculpted maximum, not codes by certified FACS coders.
- Ancestry and age vary, but through three ancestry sculpts and eighteen skins; fairness on real faces is not shown.
- A face that is paralysed, bandaged, or seen from the side or from above says little; the estimator knows only size,
  light, contrast, sharpness and how steadily the face is found.
"""
