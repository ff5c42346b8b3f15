"""Exports: what leaves the house for an auditor, an authority or a subject, and proves itself."""
