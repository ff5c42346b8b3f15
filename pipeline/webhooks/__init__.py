"""Tells tenants what happened, at the address that each has named."""
