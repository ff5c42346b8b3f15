"""What follows for an end user from what was confirmed: strikes, and restrictions built on them."""
