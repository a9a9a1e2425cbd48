"""The built-in demonstration: a three-minute scene through the true daemon, a broker and a nurse who acknowledges."""
