"""Changes of what is judged by: proposed by one person, tried, and put in force by a second one."""
