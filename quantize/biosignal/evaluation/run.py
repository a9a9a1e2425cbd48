"""The job behind `python -m quantize evaluate biosignal`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.biosignal.grid import Grid
from edge.bundle import Bundle
from edge.types import Channel
from quantize.biosignal.command import data_folder
from quantize.biosignal.evaluation import decomposed, generated, heldout, measure, people, rated, reactions
from quantize.biosignal.evaluation.agreement import STRETCH_S, Stretch, compare, grid
from quantize.biosignal.evaluation.data import shocks
from quantize.biosignal.evaluation.data.recordings import ReactionReader, Recording, RecordingReader, Track
from quantize.biosignal.evaluation.detectors import peers
from quantize.biosignal.evaluation.figures import FORMAT, Figures, Peer, as_json
from quantize.biosignal.evaluation.html import page
from quantize.biosignal.evaluation.live import live
from quantize.biosignal.evaluation.sessions import draw
from quantize.biosignal.extract import load
from quantize.biosignal.stress_predict import LABELS, read_labels, read_session
from quantize.evaluation.bootstrap import ROUNDS, draws

SHOCKS = "nilsonne-shock-scr"
"""Folder of the shocks' responses beside Stress-Predict."""


def evaluate(
    arguments: argparse.Namespace, wanted: Sequence[tuple[str, RecordingReader | ReactionReader, Path]]
) -> None:
    """Measure on each data set, or on the training's held-out subjects where none is named.

    Raises:
        DataError: a folder is not what its reader needs, or the held-out scores were not kept.
    """
    bundle = Bundle.load(arguments.bundle)
    arguments.out.mkdir(parents=True, exist_ok=True)
    measured = (
        [(kind, *_on_data(reader, folder, bundle, arguments)) for kind, reader, folder in wanted]
        if wanted
        else [("stress-predict", *_held_out(bundle, arguments))]
    )
    for kind, found, sessions in measured:
        (arguments.out / f"biosignal_{kind}.html").write_text(page(found, sessions))
        (arguments.out / f"biosignal_{kind}.json").write_text(as_json(found))
        sys.stderr.write(f"wrote {arguments.out / f'biosignal_{kind}.html'}\n")
        if arguments.json:
            sys.stdout.write(as_json(found) + "\n")


def _on_data(
    reader: RecordingReader | ReactionReader, folder: Path, bundle: Bundle, arguments: argparse.Namespace
) -> tuple[Figures, dict[str, bytes]]:
    if isinstance(reader, ReactionReader):
        return _reacted(reader, folder, Figures(FORMAT, reader.name, reader.notes, arguments.seed, ROUNDS)), {}
    persons: list[people.Person] = []
    stretches: list[Stretch] = []
    sessions: dict[str, bytes] = {}
    for recording in reader.read(folder):
        person = live(recording, bundle)
        if all(known.name != person.name for known in persons):
            stretches.append(middle(recording))
        persons.append(person)
        if len(sessions) < arguments.pages:
            sessions[f"Session: {recording.subject}"] = draw(recording, person)
        sys.stderr.write(f"{recording.subject}: {recording.labels.size} s\n")
    tools, lacking = peers()
    cohort = people.Cohort(reader.name, people.joined(persons), notes=(*reader.notes, *lacking))
    found = measure.figures(cohort, people.thresholds(bundle), seed=arguments.seed)
    counts = draws(len(stretches), rounds=ROUNDS, seed=arguments.seed)
    return replace(found, peers=compare(stretches, tools, counts)), sessions


def _held_out(bundle: Bundle, arguments: argparse.Namespace) -> tuple[Figures, dict[str, bytes]]:
    folder, seed = data_folder(), arguments.seed
    kept = heldout.read_scores(arguments.cache / heldout.FILE)
    rows = heldout.read_rows(arguments.cache, kept.labels)
    recorded = (folder / LABELS).is_file()
    if recorded and set(rows) == set(kept.labels):
        kept = heldout.with_yardstick(kept, load(folder, arguments.cache, lambda items, _total: items, 1))
    cohort = heldout.cohort(kept, rows)
    found = measure.figures(cohort, people.thresholds(bundle), seed=seed)
    tools, lacking = peers()
    if not decomposed.installed():
        lacking = (
            *lacking,
            "Not compared with cvxEDA: it needs NeuroKit2 and cvxopt (pip install 'anodyne[compare]').",
        )
    found = replace(found, notes=(*found.notes, *lacking), truth=generated.truths(tools, count=arguments.recordings))
    known = tuple(rated.generated(count=arguments.recordings))
    found = replace(found, rated=known, decomposed=tuple(decomposed.decomposed(count=arguments.recordings)))
    sessions: dict[str, bytes] = {}
    if recorded:
        recordings = _recordings(folder, cohort)
        believed = tuple(rated.stress_predict(folder, tuple(kept.labels)))
        found = replace(found, rated=(*found.rated, *believed), peers=_peers(recordings, seed))
        for recording, person in zip(recordings[: arguments.pages], cohort.people, strict=False):
            sessions[f"Session: {recording.subject}"] = draw(recording, person)
    else:
        found = replace(found, notes=(*found.notes, f"No recordings: there is no Stress-Predict at {folder}."))
    if (folder.parent / SHOCKS).is_dir():
        found = _reacted(shocks.READER, folder.parent / SHOCKS, found)
    return found, sessions


def _reacted(reader: ReactionReader, folder: Path, found: Figures) -> Figures:
    """The figures with those of single stimuli added."""
    stated, amplitudes_us = reactions.measure(
        reader.name, reader.read(folder), reader.levels, reader.notes, seed=found.seed
    )
    made = tuple(generated.detected(level, values, found.seed) for level, values in amplitudes_us.items())
    return replace(found, reactions=(stated,), detected=made if reader is shocks.READER else ())


def _recordings(folder: Path, cohort: people.Cohort) -> list[Recording]:
    """The recordings behind the held-out scores, from their first labelled second on."""
    labels = read_labels(folder / LABELS)
    made = []
    for person in cohort.people:
        seconds, values = labels[person.name]
        session = read_session(folder, person.name, seconds, values)
        ppg, gsr, acc = session.grids(float(seconds[-1] + 1), float(seconds[-1] + 1 - seconds[0]))
        grids = {Channel.PPG: ppg, Channel.GSR_US: gsr, Channel.ACC_G: acc}
        tracks = {channel: _track(one) for channel, one in grids.items()}
        made.append(Recording(person.name, tracks, values))
    return made


def _track(one: Grid) -> Track:
    """A grid as a track, NaN where nothing was measured."""
    values = one.values.copy()
    values[~one.present] = np.nan
    return Track(values, one.rate_hz)


def _peers(recordings: Sequence[Recording], seed: int) -> tuple[Peer, ...]:
    tools, _ = peers()
    stretches = [middle(recording) for recording in recordings] if tools else []
    return compare(stretches, tools, draws(len(stretches), rounds=ROUNDS, seed=seed))


def middle(recording: Recording) -> Stretch:
    """The stretch in the middle of a recording: nobody chose it by how it looks."""

    def cut(channel: Channel, seconds: float) -> Grid | None:
        track = recording.tracks.get(channel)
        if track is None:
            return None
        first = max(0, round((recording.labels.size - seconds) / 2 * track.rate_hz))
        return grid(track.values[first : first + round(seconds * track.rate_hz)], track.rate_hz)

    return Stretch(cut(Channel.PPG, STRETCH_S), cut(Channel.ACC_G, STRETCH_S), cut(Channel.GSR_US, 2 * STRETCH_S))
