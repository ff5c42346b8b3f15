"""Submissions as work to be finished: admitted, joined, drained, recovered, looked at again."""
