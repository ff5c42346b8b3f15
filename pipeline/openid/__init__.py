"""OpenID Connect: another provider says who somebody is. What they may do is said here."""
