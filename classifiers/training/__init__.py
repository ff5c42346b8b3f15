"""How our own models are made, converted and measured; never imported while serving."""
