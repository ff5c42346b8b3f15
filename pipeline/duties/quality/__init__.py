"""How good decisions are: a random share is decided again by people who do not know what was."""
