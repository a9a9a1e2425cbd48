"""The shipped bundle, and an estimator that knows nobody yet."""

from __future__ import annotations

import pytest

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return Bundle.load()


@pytest.fixture
def estimator(bundle: Bundle) -> BiosignalEstimator:
    return BiosignalEstimator(bundle)
