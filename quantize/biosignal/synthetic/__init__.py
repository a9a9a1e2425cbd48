"""Seeded wristband recordings with exact beats and SCRs, and the faults of real wrists on top of them.

The clean signals are those of the simulated band (`edge.sensors.simulated.waveform`); here they become recordings that
can be spoiled, one fault after another, while the truth stays known.
"""

from quantize.biosignal.synthetic.faults import (
    BriefContact,
    DropOuts,
    DryElectrode,
    FlatLine,
    MainsHum,
    PoorPerfusion,
    Saturation,
    WhiteNoise,
    WristOff,
)
from quantize.biosignal.synthetic.motion import Gait, running, walking
from quantize.biosignal.synthetic.recording import Fault, Recording, generate

__all__ = [
    "BriefContact",
    "DropOuts",
    "DryElectrode",
    "Fault",
    "FlatLine",
    "Gait",
    "MainsHum",
    "PoorPerfusion",
    "Recording",
    "Saturation",
    "WhiteNoise",
    "WristOff",
    "generate",
    "running",
    "walking",
]
