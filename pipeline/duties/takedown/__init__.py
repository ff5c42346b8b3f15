"""Notices to take something down: their clocks, and what people decide on them."""
