"""The log on PostgreSQL: several processes append at once, and the tree stays one."""
