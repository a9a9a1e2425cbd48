"""The rendered faces and the network that learns from them."""
