"""The review console: pages for the people who look at what is held."""
