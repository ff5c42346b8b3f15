"""What judging many things has in common: on every core, with a bar, measured, shown on a page."""
