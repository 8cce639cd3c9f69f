"""The API as routes of the site, with every refusal in JSON."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from papers.api.endpoints import router
from papers.periods import BadPeriod
from papers.search import QueryError
from papers.sharing import shared

_FAULTS = {
    "missing": "{name} is missing.",
    "string_too_short": "{name} is empty.",
    "int_parsing": "{name} must be a whole number.",
    "greater_than_equal": "{name} must be at least {ge}.",
    "less_than_equal": "{name} must be at most {le}.",
    "literal_error": "{name} must be {expected}.",
    "value_error": "{error}",
}

api = NinjaAPI(
    title=settings.SITE_NAME,
    version="1",
    description="Papers in the shape of Hugging Face's API. Reading needs no key.",
    docs_url=None,
    urls_namespace="papers:api",
)
api.add_router("", router)


def _refusal(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


@api.exception_handler(HttpError)
def _refuse(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _refusal(error.status_code, error.message)


@api.exception_handler(ValidationError)
def _refuse_question(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _refusal(400, " ".join(map(_sentence, error.errors)))


@api.exception_handler(BadPeriod)
@api.exception_handler(QueryError)
def _refuse_text(request: HttpRequest, error: BadPeriod | QueryError) -> HttpResponse:
    return _refusal(400, str(error))


def _sentence(fault: dict[str, Any]) -> str:
    form = _FAULTS.get(fault["type"], "{name}: {msg}.")
    return form.format(name=fault["loc"][-1], msg=fault["msg"], **fault.get("ctx", {}))


def _nothing(request: HttpRequest, rest: str) -> HttpResponse:
    return _refusal(404, "There is nothing at this address; /api/ says what there is.")


urlpatterns = [*api.urls[0], path("<path:rest>", _nothing)]
for _route in urlpatterns:
    _route.callback = shared(_route.callback)  # type: ignore[arg-type]  # a route has one
