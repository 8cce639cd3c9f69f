"""The API's own page: what its OpenAPI description says, for people. No script, so that our content policy holds."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from papers.api.mounting import api
from papers.models import Paper

_EXAMPLES = {
    "daily_papers": "daily_papers?sort=trending&limit=3",
    "search": "papers/search?q=title:diffusion&limit=3",
}


@require_safe
def describe(request: HttpRequest) -> HttpResponse:
    schema = api.get_openapi_schema()
    newest = Paper.objects.visible().filter(arxiv_id__isnull=False).values_list("arxiv_id", flat=True).first()
    context = {
        "operations": [_operation(path, methods["get"], newest) for path, methods in schema["paths"].items()],
        "endpoint": settings.SITE_URL,
        "newest": newest or "2608.00001",
    }
    return render(request, "papers/api.html", context)


def _operation(path: str, said: dict[str, Any], newest: str | None) -> dict[str, Any]:
    name = said["operationId"]
    example = _EXAMPLES.get(name, f"papers/{newest}" if newest else "")
    return {
        "name": name,
        "path": path,
        "paragraphs": [" ".join(lines.split()) for lines in said["description"].split("\n\n")],
        "parameters": [_parameter(one) for one in said["parameters"]],
        "example": example and f"/api/{example}",
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
