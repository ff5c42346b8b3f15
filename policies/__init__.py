"""Findings in, decision out: pure, without files, network or clock."""
