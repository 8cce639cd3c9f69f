"""The interest language: what a reader types becomes a `Query`, or an error that says how to mend it.

    query   = both { OR both }
    both    = one { [AND] one }             side by side is AND, but words side by side are a phrase
    one     = { NOT } ( "(" query ")" | [field:] words | [field:] "quoted" | field: "(" query ")" )

Operators are upper case. A star ends the last word of a phrase and stands for any ending. Everything
else is literal; within quotation marks everything is.
"""

import hashlib
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from papers.search.expression import (
    MIN_PREFIX,
    Condition,
    Expression,
    all_of,
    any_of,
    author,
    category,
    is_bounded,
    negate,
    organisation,
    phrase,
)
from papers.search.lexer import FIELDS, Lexeme, QueryError, lexemes, unify
from papers.search.normalise import is_unspaced, tokens

MAX_LENGTH = 500
MAX_DEPTH = 20
MAX_NORMAL = 480


@dataclass(frozen=True, slots=True)
class Query:
    """One interest. Queries with the same `normal` find the same papers; `text` is as typed."""

    text: str
    normal: str
    expression: Expression = field(compare=False, repr=False)


def parse(text: str) -> Query:
    """Read one interest. Raises QueryError and nothing else; takes time linear in the length."""
    if len(text) > MAX_LENGTH:
        too_long = _("This is longer than %(most)d characters.") % {"most": MAX_LENGTH}
        raise QueryError(too_long, MAX_LENGTH, _("Make several interests of it."))
    typed = unify(text)
    if _WORDS_ONLY.match(typed) and (words := phrase(typed)):
        return Query(text, _short(words.normal), words)
    pieces = lexemes(typed)
    if pieces[0].kind == "end":
        raise QueryError(_("There is nothing to search for."), 0, _("Type a topic, such as: diffusion models"))
    expression = _Parser(typed, pieces).parse()
    return Query(text, _short(expression.normal), expression)


def _short(normal: str) -> str:
    if len(normal) <= MAX_NORMAL:
        return normal
    return f"#{hashlib.sha256(normal.encode()).hexdigest()}"


_WORDS_ONLY = re.compile(r"(?!.*\b(?:AND|OR|NOT)\b)[^()\":*\\]*\Z")
# https://arxiv.org/category_taxonomy
_CATEGORY = re.compile(
    r"(?:astro-ph|cond-mat|cs|econ|eess|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|nlin|nucl-(?:ex|th)|physics|q-bio|q-fin"
    r"|quant-ph|stat)(?:\.(?:[a-z]+(?:-[a-z]+)*|\*))?",
    re.IGNORECASE | re.ASCII,
)
_BOTH_SIDES = gettext_lazy('Write something there; for the word itself write "%(word)s", with the quotation marks.')
_EXAMPLES = {
    "title": "title:jacobian",
    "abstract": 'abstract:"state space"',
    "author": 'author:"Jane Doe"',
    "org": "org:google",
    "cat": "cat:cs.LG",
}


class _Parser:
    """Recursive descent; the depth is bounded by MAX_DEPTH."""

    def __init__(self, text: str, pieces: list[Lexeme]) -> None:
        self.text = text
        self.pieces = pieces
        self.at = 0
        self.depth = 0

    def parse(self) -> Expression:
        expression = self._either("")
        if self._peek == ")":
            raise QueryError(
                _("This parenthesis closes nothing."),
                self._here.position,
                _("Take it out, or add ( where the group begins."),
            )
        if not is_bounded(expression):
            at = next(lexeme.position for lexeme in self.pieces if lexeme.kind == "NOT")
            raise QueryError(
                _("NOT alone would find nearly every paper."),
                at,
                _("Say what to find as well: diffusion AND NOT survey"),
            )
        return expression

    @property
    def _here(self) -> Lexeme:
        return self.pieces[self.at]

    @property
    def _peek(self) -> str:
        return self.pieces[self.at].kind

    def _take(self) -> Lexeme:
        self.at += 1
        return self.pieces[self.at - 1]

    def _either(self, where: str) -> Expression:
        operands = [self._both(where)]
        while self._peek == "OR":
            self._take()
            operands.append(self._both(where))
        return any_of(operands)

    def _both(self, where: str) -> Expression:
        operands = [self._one(where)]
        while self._peek not in ("OR", ")", "end"):
            if self._peek == "AND":
                self._take()
            operands.append(self._one(where))
        return all_of(operands)

    def _one(self, where: str) -> Expression:
        negative = False
        while self._peek == "NOT":
            self._take()
            negative = not negative
        operand = self._operand(where)
        return negate(operand) if negative else operand

    def _operand(self, where: str) -> Expression:
        match self._peek:
            case "(":
                return self._group(where)
            case "field":
                return self._field()
            case "quoted":
                lexeme = self._take()
                return self._condition(where, lexeme.start, lexeme.end)
            case "word":
                return self._words(where)
        raise self._nothing()

    def _group(self, where: str) -> Expression:
        opening = self._take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QueryError(_("There are too many parentheses within each other."), opening.position, _("Use fewer."))
        if self._peek == ")":
            raise QueryError(_("These parentheses are empty."), opening.position, _("Take them out."))
        if self._here.kind == "end":
            raise QueryError(
                _("This parenthesis is never closed."), opening.position, _("Take it out, or add a group and ).")
            )
        inner = self._either(where)
        if self._peek != ")":
            unclosed = _("This parenthesis is never closed.")
            raise QueryError(unclosed, opening.position, _("Add ) where the group ends."))
        self._take()
        self.depth -= 1
        return inner

    def _field(self) -> Expression:
        lexeme = self._take()
        where = FIELDS[self.text[lexeme.start : lexeme.end - 1].lower()]
        if self._peek not in ("(", "quoted", "word"):
            raise QueryError(
                _("The field %(field)s: is empty.") % {"field": where},
                lexeme.position,
                _("Write what to look for, such as: %(example)s") % {"example": _EXAMPLES[where]},
            )
        return self._operand(where)

    def _words(self, where: str) -> Expression:
        first = last = self._take()
        # A category has no blank in it; elsewhere words side by side are a phrase.
        while self._peek == "word" and where != "cat":
            self._refuse_star(last.start, last.end)
            last = self._take()
        end = last.end
        if where == "cat":
            return self._category(first.start, end)
        prefix = self.text[end - 1] == "*" and end - first.start > 1
        self._refuse_star(last.start, end - prefix)
        return self._condition(where, first.start, end - prefix, prefix=prefix)

    def _refuse_star(self, start: int, end: int) -> None:
        at = self.text.find("*", start, end)
        if at >= 0:
            raise QueryError(
                _("A star can only end the last word of a phrase."),
                at,
                _('Write robot* or mobile robot*; to find the sign itself, put the word in "…".'),
            )

    def _condition(self, where: str, start: int, end: int, *, prefix: bool = False) -> Expression:
        typed = self.text[start:end]
        if where == "cat":
            return self._category(start, end)
        if prefix:
            prefix = self._check_prefix(typed, end)
        condition: Condition | None
        if where == "author":
            condition = author(typed, prefix=prefix)
        elif where == "org":
            condition = organisation(typed, prefix=prefix)
        else:
            condition = phrase(typed, where, prefix=prefix)
        if condition is None:
            nothing = _("There is no letter or digit here to look for.")
            raise QueryError(nothing, start, _("Write a word, or take this out."))
        return condition

    def _check_prefix(self, typed: str, star: int) -> bool:
        """Whether the star says anything: after Chinese it does not, for that is matched anywhere."""
        found = tokens(typed)[0]
        if not found or not self.text[star - 1].isalnum():
            self._refuse_star(star, star + 1)
        if is_unspaced(self.text[star - 1]):
            return False
        if sum(len(token.letters) for token in found) < MIN_PREFIX:
            raise QueryError(
                _("A star needs at least %(least)d letters before it.") % {"least": MIN_PREFIX},
                star,
                _('Write more of the word; for the name itself write "%(word)s*" with the quotation marks.')
                % {"word": typed.strip()},
            )
        return True

    def _category(self, start: int, end: int) -> Expression:
        code = self.text[start:end].strip()
        if not _CATEGORY.fullmatch(code):
            raise QueryError(
                _("“%(code)s” is not an arXiv category.") % {"code": code},
                start,
                _("Write one as arXiv does: cat:cs.LG, or cat:cs.* for all of cs."),
            )
        return category(code)

    def _nothing(self) -> QueryError:
        """The error for an operator that lacks a side."""
        here, before = self._here, self.pieces[self.at - 1]
        if here.kind in ("AND", "OR"):
            lacking = _("%(word)s has nothing before it.")
            return QueryError(lacking % {"word": here.kind}, here.position, _BOTH_SIDES % {"word": here.kind})
        if self.at and before.kind in ("AND", "OR", "NOT"):
            lacking = _("%(word)s has nothing after it.")
            return QueryError(lacking % {"word": before.kind}, before.position, _BOTH_SIDES % {"word": before.kind})
        return QueryError(_("This parenthesis closes nothing."), here.position, _("Take it out."))
