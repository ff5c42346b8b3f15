"""Carries an item from request to release."""
