"""What the law asks of a platform: statements to authorities, made from decisions."""
