"""A site that signs."""

from tests.fixtures.signed import site as site
