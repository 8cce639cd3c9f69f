"""Papers: finding them, hiding, picking, editing and adding them."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from papers import curating, rehearsing
from papers.admin.base import TabularInline, editor, list_link
from papers.admin.filters import HasIdFilter, ListedDayFilter, ListedSourceFilter, OrganisationFilter
from papers.admin.paper_forms import AddPaperForm, PaperForm, PickForm
from papers.admin.searching import find
from papers.lists import Bounded
from papers.models import EDITABLE, Listing, Paper
from papers.reading import configured_sources
from papers.search import QueryError
from papers.sources.arxiv import Arxiv


class ListingInline(TabularInline):
    model = Listing
    fields = ("day", "source", "section", "rank", "votes", "comments", "first_seen_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Paper)
class PaperAdmin(Bounded):
    form = PaperForm
    list_display = ("title", "marked", "listed", "votes", "arxiv_id", "seen")
    list_filter = (
        ListedDayFilter,
        ListedSourceFilter,
        OrganisationFilter,
        "is_pinned",
        "is_hidden",
        "is_withdrawn",
        "is_edited",
        HasIdFilter,
    )
    sortable_by = ("seen", "listed")
    search_fields = ("title",)  # any, so that there is a box; see get_search_results
    search_help_text = gettext_lazy(
        "An arXiv id or address, or an interest as readers write it: diffusion models, title:jacobian, org:google."
    )
    inlines = (ListingInline,)
    actions = ("hide", "unhide", "pin", "unpin")
    marks = ("is_hidden", "is_pinned", "pick_note", "picked")
    facts = (
        "links",
        "printed_authors",
        ("organisation", "organisation_name"),
        ("printed_categories", "printed_keywords"),
        ("published_on", "featured_on", "version", "is_withdrawn"),
        ("votes", "comments", "author_count"),
        ("code_url", "code_stars", "project_url"),
        ("first_seen_at", "updated_at"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        words: list[str] = []
        for name in EDITABLE:
            words.append(name)
            if name in obj.source_words:
                words += [f"said_{name}", f"restore_{name}"]
        return (
            (_("Marks"), {"fields": self.marks}),
            (_("Words"), {"fields": words, "description": _("Words you change stay, whatever the sources say later.")}),
            (_("What sources say"), {"fields": self.facts}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        rows = [row if isinstance(row, tuple) else (row,) for row in self.facts]
        return ["picked", *(f"said_{name}" for name in EDITABLE), *(name for row in rows for name in row)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paper], search_term: str
    ) -> tuple[QuerySet[Paper], bool]:
        try:
            answer = find(queryset, search_term)
        except QueryError as error:
            messages.error(request, f"{error.message} {error.suggestion}")
            return queryset.none(), False
        if not answer.complete:
            messages.info(request, _("Only the newest papers were searched. Choose a day to search older ones."))
        return answer.papers, False

    @admin.display(description=gettext_lazy("first listed"), ordering="featured_on")
    def listed(self, paper: Paper) -> str:
        return str(paper.featured_on or "—")

    @admin.display(description=gettext_lazy("first seen"), ordering="first_seen_at")
    def seen(self, paper: Paper) -> str:
        return f"{paper.first_seen_at:%m-%d %H:%M}"

    @admin.display(description=gettext_lazy("marks"))
    def marked(self, paper: Paper) -> str:
        marks = (
            (paper.is_pinned, _("pick")),
            (paper.is_hidden, _("hidden")),
            (paper.is_withdrawn, _("withdrawn")),
            (paper.is_edited, _("edited")),
        )
        return ", ".join(words for is_so, words in marks if is_so)

    @admin.display(description=gettext_lazy("links"))
    def links(self, paper: Paper) -> SafeString:
        on_site = format_html('<a href="{}">{}</a>', paper.get_absolute_url(), _("on the site"))
        return format_html("{} · {}", on_site, list_link("listing", _("its listings"), paper=paper.pk))

    @admin.display(description=gettext_lazy("picked"))
    def picked(self, paper: Paper) -> str:
        if not paper.picked_at:
            return "—"
        return _("by %(user)s on %(day)s") % {"user": paper.picked_by or "—", "day": paper.picked_at.date()}

    @admin.display(description=gettext_lazy("The sources say"))
    def said_title(self, paper: Paper) -> str:
        return str(paper.said("title"))

    @admin.display(description=gettext_lazy("The sources say"))
    def said_abstract(self, paper: Paper) -> str:
        return str(paper.said("abstract"))

    @admin.display(description=gettext_lazy("authors"))
    def printed_authors(self, paper: Paper) -> str:
        return ", ".join(paper.authors)

    @admin.display(description=gettext_lazy("categories"))
    def printed_categories(self, paper: Paper) -> str:
        return ", ".join(paper.categories)

    @admin.display(description=gettext_lazy("keywords"))
    def printed_keywords(self, paper: Paper) -> str:
        return ", ".join(paper.keywords)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Paper, form: Any, change: bool) -> None:
        """Write what was changed and nothing else: readings go on while an editor looks at the page."""
        now = timezone.now()
        if form.rewritten:
            curating.rewrite(obj.pk, form.rewritten, now)
        if "is_hidden" in form.changed_data:
            curating.hide([obj.pk], obj.is_hidden)
        if {"is_pinned", "pick_note"} & set(form.changed_data):
            self._pick([obj.pk], obj.is_pinned, obj.pick_note, request)

    def _pick(self, pks: list[int], is_pick: bool, note: str, request: HttpRequest) -> None:
        if is_pick:
            curating.pick(pks, note, editor(request), timezone.now())
        else:
            curating.unpick(pks)

    @admin.action(description=gettext_lazy("Hide: neither shown nor sent"), permissions=["change"])
    def hide(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        curating.hide(_pks(papers), True)
        self._report(request, papers, gettext_noop("hidden"))

    @admin.action(description=gettext_lazy("Show again"), permissions=["change"])
    def unhide(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        curating.hide(_pks(papers), False)
        self._report(request, papers, gettext_noop("shown again"))

    @admin.action(description=gettext_lazy("Pick, with a note"), permissions=["change"])
    def pin(self, request: HttpRequest, papers: QuerySet[Paper]) -> HttpResponse | None:
        form = PickForm(request.POST if "picked" in request.POST else None)
        if not form.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": _("Editors’ pick"),
                "opts": self.opts,
                "papers": papers,
                "form": form,
                "action_checkbox_name": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/papers/paper/pick.html", context)
        self._pick(_pks(papers), True, form.cleaned_data["note"], request)
        self._report(request, papers, gettext_noop("picked"))
        return None

    @admin.action(description=gettext_lazy("No longer a pick"), permissions=["change"])
    def unpin(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        self._pick(_pks(papers), False, "", request)
        self._report(request, papers, gettext_noop("no longer picked"))

    def _report(self, request: HttpRequest, papers: QuerySet[Paper], done: str) -> None:
        chosen = list(papers)
        for paper in chosen:
            self.log_change(request, paper, done.capitalize())
        count = len(chosen)
        self.message_user(
            request,
            ngettext("%(count)d paper %(done)s.", "%(count)d papers %(done)s.", count)
            % {"count": count, "done": _(done)},
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add a paper by its arXiv id: arXiv is asked at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AddPaperForm(request.POST or None)
        if form.is_valid():
            found = self._fetch(request, form.cleaned_data["arxiv_id"])
            if found:
                return redirect("admin:papers_paper_change", found.pk)
        context = self.admin_site.each_context(request) | {
            "title": _("Add a paper from arXiv"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/papers/paper/add.html", context)

    def _fetch(self, request: HttpRequest, arxiv_id: str) -> Paper | None:
        known = Paper.objects.filter(arxiv_id=arxiv_id).first()
        if known:
            messages.info(request, _("This paper is known already."))
            return known
        arxiv = configured_sources()[Arxiv.slug]
        reading = rehearsing.add_paper(arxiv_id, arxiv, now=timezone.now())  # type: ignore[arg-type]
        paper = Paper.objects.filter(arxiv_id=arxiv_id).first()
        if paper is None:
            messages.error(request, _("It was not added. %s") % reading.error)
            return None
        self.log_addition(request, paper, _("Added by its arXiv id."))
        messages.success(request, _("Added, and listed under today."))
        return paper


def _pks(papers: QuerySet[Paper]) -> list[int]:
    return list(papers.order_by("pk").values_list("pk", flat=True))
