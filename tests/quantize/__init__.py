"""Tests of training, export and evaluation."""
