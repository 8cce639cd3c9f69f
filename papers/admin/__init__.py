"""The editors' desk: papers and announcements; what came in, from where, how each reading went, what was refused.

Editors hide papers, pick them, put titles and abstracts into words of their own, add one by its arXiv id, and
have a source read again. Nothing that came in is deleted here: digests point at papers, and a hidden paper is
gone for readers.
"""

from papers.admin import announcements, listings, papers, quarantine, readings, upkeep

__all__ = ["announcements", "listings", "papers", "quarantine", "readings", "upkeep"]
