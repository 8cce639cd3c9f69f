"""The public pages. Each only reads, and answers whatever it is asked with a page."""
