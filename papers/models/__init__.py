"""The world of papers: what was published, where it was listed, how each reading went, what editors say."""

from papers.models.announcement import Announcement
from papers.models.paper import EDITABLE, Listing, Paper
from papers.models.reading import MAX_RAW, Category, Gate, Reading, Rejected
from papers.models.words import PaperWords

__all__ = [
    "EDITABLE",
    "MAX_RAW",
    "Announcement",
    "Category",
    "Gate",
    "Listing",
    "Paper",
    "PaperWords",
    "Reading",
    "Rejected",
]
