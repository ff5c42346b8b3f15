"""Classifiers that come as weights for torch: made into a graph once, held to what torch says."""
