"""The API's own page: what its OpenAPI description says, for people. No script, so that our content policy holds."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from papers.api.mounting import api
from papers.models import Paper

_EXAMPLES = {
    "daily_papers": "/api/daily_papers?sort=trending&limit=3",
    "search": "/api/papers/search?q=title:diffusion&limit=3",
    "paper": "/api/papers/{newest}",
}
_INVENTED = "2608.00001"


@require_safe
def describe(request: HttpRequest) -> HttpResponse:
    newest = Paper.objects.visible().filter(arxiv_id__isnull=False).values_list("arxiv_id", flat=True).first()
    newest = newest or _INVENTED
    context = {
        "operations": [one | {"example": one["example"].format(newest=newest)} for one in _operations()],
        "endpoint": settings.SITE_URL,
        "newest": newest,
    }
    return render(request, "papers/api.html", context)


@cache
def _operations() -> list[dict[str, Any]]:
    schema = api.get_openapi_schema()
    return [_operation(path, methods["get"]) for path, methods in schema["paths"].items()]


def _operation(path: str, said: dict[str, Any]) -> dict[str, Any]:
    name = said["operationId"]
    return {
        "name": name,
        "path": path,
        "paragraphs": [" ".join(lines.split()) for lines in said["description"].split("\n\n")],
        "parameters": [_parameter(one) for one in said["parameters"]],
        "example": _EXAMPLES[name],
    }


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    schema = said["schema"]
    return {
        "name": said["name"],
        "description": said.get("description", ""),
        "default": schema.get("default"),
        "choices": schema.get("enum", ()),
        "least": schema.get("minimum"),
        "most": schema.get("maximum"),
        "is_required": said["required"],
    }
