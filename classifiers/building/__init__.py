"""Builds the data that the text classifiers read: run by hand, never while serving."""
