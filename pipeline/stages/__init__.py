"""The steps of the path, each in a file of its own; they know neither the flow nor each other."""
