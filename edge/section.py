"""What every table of the configuration file is made of: a strict model, names, and paths.

The tables of the sensors stand beside their drivers and the others in `edge.config.sections`; both build on this.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

V = TypeVar("V")

SensorName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,23}$",
        json_schema_extra={
            "wanted": "a lower-case letter, then up to 23 lower-case letters, digits, dashes or underscores, in quotes"
        },
    ),
]
"""A sensor's name: a lower-case letter, then up to 23 lower-case letters, digits, dashes or underscores."""

if TYPE_CHECKING:
    Info = ValidationInfo[Path | None]
else:
    Info = ValidationInfo  # generic from pydantic 2.12 on only; the training packages hold 2.11
"""What a validator sees: earlier values, and as context the folder of the file."""


def _from_folder(path: Path, info: Info) -> Path:
    """A relative path is meant from the folder of the file that names it."""
    if "\0" in str(path) or path == Path():
        raise ValueError("is no path: write the name of a file or folder in quotes")
    return path if info.context is None else info.context / path


FilePath = Annotated[Path, Field(strict=False), AfterValidator(_from_folder)]
"""A path; a relative one starts at the folder of the configuration file."""


def paired(name: str, value: V, info: Info) -> V:
    """A value that makes sense with an earlier one only, and the other way round.

    Args:
        name: of the earlier field.
        value: of this one; None where it is not given.
        info: of the validator.

    Raises:
        ValueError: one of the two is given alone.
    """
    if name in info.data and (value is None) != (info.data[name] is None):
        raise ValueError(f"and {name} belong together: give both or neither")
    return value


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values cannot change after loading.

    Strict: a text is no number and `true` is not 1, however well it could be converted.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )
