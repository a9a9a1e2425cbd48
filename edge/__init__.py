"""Anodyne: the software of a bedside box that notices signs of pain in people who cannot say they hurt."""
