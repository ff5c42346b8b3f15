"""Looks at content and says what it sees; decides nothing."""
