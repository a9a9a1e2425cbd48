"""Tests of edge/plot and `anodyne plot`."""
