"""What a picture's file says when it leaves: that a machine made it, and no more than it may."""
