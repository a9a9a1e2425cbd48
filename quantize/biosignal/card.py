"""The model card of the arousal networks, written with the figures of the run that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.biosignal.features import PULSE_FEATURES, SKIN_FEATURES, USABLE
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
of a feature never lowers the log-odds. Left free, a network of this size reached a pooled AUC of 0.74 with both signals
(six groups of subjects), and had learnt that more skin conductance responses mean less arousal, because speech and
re-seated electrodes come with the labels. How a second is measured and compared is in
`edge/biosignal/rows.py` and `features.py`; the same code runs in training and on the box, on the past only.

**Data.** Stress-Predict (Iqbal et al., Sensors 2022, 22(21):8135), github.com/italha-d/Stress-Predict-Dataset at commit
f49d2eae603f90c3f0140fbbbae7c0480d651023, MIT licence; clone it and put it under `$ANODYNE_SHARED/data/stress-predict`.
{len(run.subjects)} labelled healthy volunteers ({run.subjects[0]} to {run.subjects[-1]}; S01 has no labels), Empatica
E4 on the wrist, {run.seconds:,} labelled seconds, {run.aroused:.1%} of them in a stress task (Stroop, interview,
hyperventilation). Nothing else was used; the generator of the demonstration was not.

**Command.** `python -m quantize biosignal --seed {run.settings.seed} --epochs {run.settings.epochs}`; \
{run.minutes:.0f} minutes on two shared cores, and two
more the first time, to turn the recordings into rows.
The shipped networks are trained on all {len(run.subjects)} subjects. Every figure below comes from networks of the same
recipe that never saw the subject they score (leave one subject out, {len(run.subjects)} trainings per signal).
`python -m quantize evaluate biosignal` makes the whole report of them, also on WESAD, PainMonit, BioVid or CSV files.

**Figures, unseen subjects.** One score per second; areas over every fifth. The interval is from resampling subjects.

| score | AUC pooled | 95 % | AUC within a subject, median (quartiles) | seconds scored |
|---|---|---|---|---|
{rows}

"Yardstick" is a logistic regression on the mean of the same features over the same half minute. "Heart rate alone" is
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
- Features, baseline quantile, length and kind of network were chosen among 37 variants by their figures on unseen
  subjects of this same data set, so the table flatters a little. The networks do not beat the yardstick: what is
  gained is one int8 road for both signals and a bounded answer to artefacts.
- Labels are task periods: the calm of a practised subject in a task counts as stress, the excitement before one as
  rest. Hyperventilation counts as stress. Speech in the interview moves wrist and breath.
- Dry wrist electrodes: subjects' median conductance runs from 0.13 to 4.8 µS, and some barely respond.
- A second of pulse wave counts only with a quality of {USABLE:g} or more; in this data set, of people who sit, type
  and talk, that leaves the share given above. At rest in bed it should be more; that is not measured.
- Pulse amplitude and RMSSD are not inputs: alone they reached an AUC of 0.52 and 0.46 here, drowned by movement,
  although amplitude is half of what pain monitors on the finger use. They are reported as evidence.
- Beta blockers, pacemakers, atrial fibrillation, autonomic neuropathy, opioids and fever change or remove these signs.
- The baseline assumes that a person is at rest for a fifth of the last two hours; steady pain beyond that is missed.
"""


def _row(name: str, auc: Auc) -> str:
    return (
        f"| {name} | {auc.pooled:.3f} | {auc.low:.3f} to {auc.high:.3f} | {auc.median:.3f} "
        f"({auc.quartiles[0]:.3f}, {auc.quartiles[1]:.3f}) | {auc.seconds:.0%} |"
    )
