"""A query in pieces: words, quoted phrases, fields, operators and parentheses."""

import re
from difflib import get_close_matches
from typing import NamedTuple

from django.utils.translation import gettext as _

FIELDS = {
    "title": "title", "abstract": "abstract", "author": "author", "org": "org", "cat": "cat",
    "authors": "author", "organisation": "org", "organization": "org", "category": "cat", "abs": "abstract",
}  # fmt: skip

# Signs that other keyboards write, as ours; control characters as blanks. One for one: positions stay.
_SAME = str.maketrans(
    dict.fromkeys("“”„‟«»＂", '"')
    | {"（": "(", "）": ")", "：": ":", "＊": "*"}
    | dict.fromkeys(map(chr, range(32)), " ")
)
_OPERATOR = re.compile(r"(?:AND|OR|NOT)(?![^\s()\"])")
_FIELD = re.compile(r"([^\W\d_]{2,}):(?!//)")
# A parenthesis within a word is part of it, as in SE(3); so is an escaped quotation mark, as in Schr\"odinger.
_WORD = re.compile(r"(?:\\\S|[^\s\"()]|(?<=\w)\([^\s()\"]*\))+")


class QueryError(ValueError):
    """A query that cannot be understood.

    `message` says what is wrong, `position` where (characters from the start of the text as typed),
    `suggestion` what to write instead. All in a reader's words.
    """

    def __init__(self, message: str, position: int, suggestion: str) -> None:
        super().__init__(f"{message} {suggestion}")
        self.message = message
        self.position = position
        self.suggestion = suggestion


class Lexeme(NamedTuple):
    """A piece of a query; `start` and `end` bound its content, `position` is where it begins."""

    kind: str  # word, quoted, field, AND, OR, NOT, (, ), end
    position: int
    start: int
    end: int


def unify(text: str) -> str:
    """The text with one spelling for each sign of the language, position by position."""
    return text.translate(_SAME)


def lexemes(text: str) -> list[Lexeme]:
    """A query in pieces, the last one of kind "end". Expects text from `unify`; raises QueryError."""
    return _Lexer(text).lexemes()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def lexemes(self) -> list[Lexeme]:
        found = []
        while self._skip_blanks():
            found.append(self._next())
            self.at = found[-1].end + (found[-1].kind == "quoted")
        return [*found, Lexeme("end", self.at, self.at, self.at)]

    def _skip_blanks(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _next(self) -> Lexeme:
        at, character = self.at, self.text[self.at]
        if character in "()":
            return Lexeme(character, at, at, at + 1)
        if character == '"':
            return self._quoted(at)
        if operator := _OPERATOR.match(self.text, at):
            return Lexeme(operator[0], at, at, operator.end())
        if name := _FIELD.match(self.text, at):
            if name[1].lower() in FIELDS:
                return Lexeme("field", at, at, name.end())
            self._refuse_unknown(name)
        word = _WORD.match(self.text, at)
        end = word.end() if word else at + 1
        return Lexeme("word", at, at, end)

    def _quoted(self, at: int) -> Lexeme:
        end = self.text.find('"', at + 1)
        if end < 0:
            raise QueryError(
                _("This quotation mark is never closed."),
                at,
                _('Add " where the phrase ends, or leave both marks out.'),
            )
        if self.text.startswith("*", end + 1):
            raise QueryError(
                _("A star cannot follow a quotation mark."),
                end + 1,
                _("Leave the marks out: neural net* is a phrase as well."),
            )
        return Lexeme("quoted", at, at + 1, end)

    def _refuse_unknown(self, name: re.Match[str]) -> None:
        after = self.text[name.end() : name.end() + 1]
        if not after or after.isspace():
            return  # "BERT: a survey" is a title, not a field
        close = get_close_matches(name[1].lower(), FIELDS, n=1, cutoff=0.6)
        hint = (
            _("Did you mean “%(field)s:”?") % {"field": close[0]}
            if close
            else _("Fields are title:, abstract:, author:, org: and cat:.")
        )
        literally = _('To find the words themselves, put them in "…".')
        raise QueryError(_("There is no field “%(name)s”.") % {"name": name[1]}, name.start(), f"{hint} {literally}")
