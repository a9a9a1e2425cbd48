"""The contract with everybody who listens: written from the code by `python -m edge.publish.contract docs`."""
