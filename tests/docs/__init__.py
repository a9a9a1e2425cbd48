"""The pages of docs: their picture, their commands and their names, held to the code."""
