"""The `imprimatur` command: what an operator does, from the first start to the last proof."""
