"""Every list of papers to follow in a feed reader."""
