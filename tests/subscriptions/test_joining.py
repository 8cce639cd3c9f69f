import pytest

from subscriptions.encoding import Piece
from subscriptions.joining import Frame, room

ROOMS = [[Piece.of("first\n")], [Piece.of("second\n"), Piece.of("of two lines\n")], []]


@pytest.mark.parametrize(
    ("filled", "joined"),
    [
        ("no room\n", "no room\n"),
        (f"head\n{room(1)}\nbetween\n{room(0)}\nfoot\n", "head\nsecond\nof two lines\nbetween\nfirst\nfoot\n"),
        (f"{room(0)}\n{room(2)}\n{room(0)}\n", "first\nfirst\n"),
    ],
)
def test_pieces_stand_where_room_was_left(filled, joined):
    assert Frame(filled).join(ROOMS).text == joined
