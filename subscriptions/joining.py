"""Join a body from a filled template and pieces that many readers share.

The template is filled with `room(0)`, `room(1)` … each alone on its line; `Frame.join` puts the pieces there.
"""

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe

from subscriptions.encoding import Body, Piece

_MARK = "\x00"  # papers.text.clean leaves none in any text


def room(index: int) -> SafeString:
    return mark_safe(f"{_MARK}{index}{_MARK}")  # noqa: S308 -- a number


class Frame:
    """What of one reader's body is theirs alone; it is encoded once, however often pieces are tried in it."""

    def __init__(self, filled: str) -> None:
        fixed, self._order = filled.split(_MARK)[::2], [int(index) for index in filled.split(_MARK)[1::2]]
        # A piece brings the end of its line.
        self._fixed = [Piece.of(text.removeprefix("\n") if at else text) for at, text in enumerate(fixed)]

    def join(self, pieces: Sequence[Piece]) -> Body:
        joined = [self._fixed[0]]
        for index, fixed in zip(self._order, self._fixed[1:], strict=True):
            joined += [pieces[index], fixed]
        return Body(joined)
