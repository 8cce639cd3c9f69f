"""Join a body from a filled template and pieces that many readers share.

The template is filled with `room(0)`, `room(1)` … each alone on its line; `Frame.join` puts pieces there.
"""

from collections.abc import Iterable, Sequence

from django.utils.safestring import SafeString, mark_safe

from subscriptions.encoding import Body, Piece

_MARK = "\x00"  # papers.text.clean leaves none in any text


def room(index: int) -> SafeString:
    return mark_safe(f"{_MARK}{index}{_MARK}")  # noqa: S308 -- a number


class Frame:
    """What stands around the rooms, encoded once however often pieces are tried in them."""

    def __init__(self, filled: str) -> None:
        fixed, self._order = filled.split(_MARK)[::2], [int(index) for index in filled.split(_MARK)[1::2]]
        # A piece brings the end of its line.
        self._fixed = [Piece.of(text.removeprefix("\n") if at else text) for at, text in enumerate(fixed)]

    def join(self, rooms: Sequence[Iterable[Piece]]) -> Body:
        joined = [self._fixed[0]]
        for index, fixed in zip(self._order, self._fixed[1:], strict=True):
            joined += [*rooms[index], fixed]
        return Body(joined)
