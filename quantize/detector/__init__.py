"""The detector: trained on rendered scenes, exported as one int8 graph, measured on scenes that it never saw."""
