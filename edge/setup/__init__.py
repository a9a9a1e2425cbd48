"""The first configuration of a box: questions on a terminal, answers in a commented file."""
