"""Judges pictures without a server: some, a folder of them, or a file that names them."""
