"""The model card of the arousal networks, written with the figures of the run that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.biosignal.features import PULSE_FEATURES, PULSE_USABLE, SKIN_FEATURES, SKIN_USABLE
from quantize.biosignal.evaluate import Auc
from quantize.biosignal.train import Settings


@dataclass(frozen=True, slots=True)
class Run:
    """What a card tells besides the figures.

    Attributes:
        settings: seed and epochs.
        subjects: names of the subjects.
        seconds: labelled seconds.
        aroused: share of them with label 1.
        parameters: signal to how many numbers its network learnt.
        lines: calibration name to (slope, intercept).
        scatter: calibration name to the log-odds' standard deviation.
        minutes: wall time of the run.
    """

    settings: Settings
    subjects: tuple[str, ...]
    seconds: int
    aroused: float
    parameters: Mapping[str, int]
    lines: Mapping[str, tuple[float, float]]
    scatter: Mapping[str, float]
    minutes: float


def write(run: Run, figures: Mapping[str, Auc]) -> str:
    """The card in Markdown.

    Args:
        run: what was done.
        figures: row of the table to its figures, in order.
    """
    rows = "\n".join(_row(name, auc) for name, auc in figures.items())
    lines = "\n".join(
        f"| {name} | {slope:.3f} | {intercept:+.3f} | {run.scatter[name]:.2f} |"
        for name, (slope, intercept) in run.lines.items()
    )
    return f"""# Card: arousal from pulse (`arousal_ppg`) and skin conductance (`arousal_gsr`)

**What they are.** Two small networks, one per signal. Each sees one vector per second of the last half minute, compared
with the same person's past, and gives the log-odds of *sympathetic arousal* against even odds. Either works alone; with
both the log-odds are added after calibration. It is arousal, not pain: effort, fear, speech, fever or a visit raise it
too.

| | `arousal_ppg` | `arousal_gsr` |
|---|---|---|
| input (int8) | (1, 1, 30, {len(PULSE_FEATURES)}): {", ".join(PULSE_FEATURES)} | (1, 1, 30, {len(SKIN_FEATURES)}): \
{", ".join(SKIN_FEATURES)} |
| output (int8) | (1, 1): log-odds | (1, 1): log-odds |
| numbers learnt | {run.parameters["ppg"]} | {run.parameters["gsr"]} |

A (1, 1) and a (1, 5) convolution with batch normalisation and ReLU6, then one over the 15 places that are left; static
batch 1, full int8 with the true minima and maxima of 600 training stretches. No weight on a feature is negative: more
of a feature never lowers the log-odds (left free, networks learnt here that more skin conductance responses mean less
arousal, because speech and re-seated electrodes come with the labels). Seconds without a usable signal are shown as the
mean of the others and marked. Training: {run.settings.epochs} passes, noise of half a unit on every feature, weights
averaged over the second half of the steps.

How a second is measured is in `edge/biosignal/stream/`, how it is compared in `baseline.py` and `features.py`; the same
code runs in training and on the box, on the past only. A *rank* is the share of the person's own past (two hours) below
a value, soft within 3 bpm, a tenth of the conductance, or two responses a minute; while the present ranks high the past
takes in only a sixth.

**Data.** Stress-Predict (Iqbal et al., Sensors 2022, 22(21):8135), github.com/italha-d/Stress-Predict-Dataset at commit
f49d2eae603f90c3f0140fbbbae7c0480d651023, MIT licence; clone it and put it under `$ANODYNE_SHARED/data/stress-predict`.
{len(run.subjects)} labelled healthy volunteers ({run.subjects[0]} to {run.subjects[-1]}; S01 has no labels), Empatica
E4 on the wrist, {run.seconds:,} labelled seconds, {run.aroused:.1%} of them in a stress task (Stroop, interview,
hyperventilation). Nothing else was used; the generator of the demonstration was not.

**Command.** `python -m quantize biosignal --seed {run.settings.seed} --epochs {run.settings.epochs}`; ten minutes on
one core, two or three of them to play the recordings through the streams; an interrupted run goes on where it was.
The shipped networks are trained on all {len(run.subjects)} subjects. Every figure below comes from networks of the same
recipe that never saw the subject they score (leave one subject out, {len(run.subjects)} trainings per signal).
`python -m quantize evaluate biosignal` makes the whole report of them, also on WESAD, PainMonit, BioVid or CSV files.

**Figures, unseen subjects.** One score per second; areas over every fifth. The interval is from resampling subjects.

| score | AUC pooled | 95 % | AUC within a subject, median (quartiles) | seconds scored |
|---|---|---|---|---|
{rows}

"Yardstick" is a logistic regression on the mean of the same features over the same half minute; the networks against
it: {_against(figures)}. "Heart rate alone" is
the logistic that serves bands without a waveform; here its heart rate comes from the same pulse wave.

**Calibration.** Fitted on the held-out scores with both classes weighted alike: calibrated log-odds = slope x log-odds
+ intercept. Scatter is the standard deviation of a subject's log-odds while the label stays the same: it gives the 90 %
interval of an estimate.

| | slope | intercept | scatter |
|---|---|---|---|
{lines}

**Limits.**
- Stress of healthy young volunteers, not pain, and nobody in bed. No open data set with wrist signals of people in
  palliative care is known to us.
- Ranks, their widths, the quality from which a second counts, noise and passes were chosen among some 60 variants (most
  of them logistic regressions) by their figures on unseen subjects of this same data set; there was no outer loop
  around the choice, so the table flatters a little.
- Labels are task periods: the calm of a practised subject in a task counts as stress, the excitement before one as
  rest. Hyperventilation counts as stress. Speech in the interview moves wrist and breath.
- Dry wrist electrodes: subjects' median conductance runs from 0.13 to 4.8 µS, and some barely respond.
- A second of pulse wave counts only with a quality of {PULSE_USABLE:g} or more, one of conductance with
  {SKIN_USABLE:g}; in this data set, of people who sit, type and talk, that leaves the shares given above. The areas
  of signals that score different seconds cannot be compared with each other.
- Not inputs, because alone they do not tell stress from calm here (AUC of the rank: pulse amplitude 0.51, RMSSD 0.51,
  SDNN 0.55, breathing 0.53), although amplitude is half of what pain monitors on the finger use. They are reported as
  evidence. Skin temperature is no input either: it tells how long a band has been worn.
- A rank needs a past: with one minute of it, the highest is 0.83. Whoever is aroused from the first second on ranks in
  the middle until rest has been seen; the change against rest and the heart rate itself speak meanwhile.
- Beta blockers, pacemakers, atrial fibrillation, autonomic neuropathy, opioids and fever change or remove these signs.
- Steady pain of hours becomes the usual, six times more slowly than calm would: then it is missed. Where rest has
  become another, `anodyne reference SITE/BED reset` lets the wristband learn anew.
"""


def _against(figures: Mapping[str, Auc]) -> str:
    """Pooled area of each int8 network less that of its yardstick."""
    names = ("PPG alone", "GSR alone", "PPG and GSR")
    known = [name for name in names if {f"{name}, int8", f"{name}, yardstick"} <= set(figures)]
    return ", ".join(
        f"{name} {figures[f'{name}, int8'].pooled - figures[f'{name}, yardstick'].pooled:+.3f}" for name in known
    )


def _row(name: str, auc: Auc) -> str:
    return (
        f"| {name} | {auc.pooled:.3f} | {auc.low:.3f} to {auc.high:.3f} | {auc.median:.3f} "
        f"({auc.quartiles[0]:.3f}, {auc.quartiles[1]:.3f}) | {auc.seconds:.0%} |"
    )
