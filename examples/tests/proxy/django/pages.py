"""The admin, and pages that are easily served wrong by what stands before them."""

import itertools
from datetime import UTC, datetime
from io import BytesIO

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.http import last_modified
from django.views.decorators.vary import vary_on_cookie, vary_on_headers

count = itertools.count(1)


def me(request):
    """Whose session it is: that is read, so Django adds Vary: Cookie."""
    return HttpResponse(f"You are {request.user.get_username() or 'nobody'}.")


def basket(request):
    """Everybody gets a cookie of his own, and nothing says that the page is for him alone."""
    response = HttpResponse("Welcome.")
    response.set_cookie("basket", next(count))
    return response


def groups(request):
    return HttpResponse(", ".join(Group.objects.order_by("name").values_list("name", flat=True)))


def now(request):
    return HttpResponse(next(count))


@last_modified(lambda request: datetime(2020, 1, 1, tzinfo=UTC))
def theme(request):
    """Whoever reads cookies himself has to say so, and forgets it: nothing says that there is one page for each."""
    return HttpResponse(request.COOKIES.get("theme", "plain"))


def where(request):
    return HttpResponse(request.build_absolute_uri())


def language(request):
    return HttpResponse(request.headers.get("Accept-Language", "none"))


def stream(request):
    return StreamingHttpResponse(f"line {line}\n" * 50 for line in range(200))


def download(request):
    content = b"".join(line.to_bytes(4, "big") for line in range(100_000))
    return FileResponse(BytesIO(content), as_attachment=True, filename="Übersicht 1.bin")


kept = cache_control(max_age=600)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("favicon.ico", lambda request: HttpResponse(status=204)),
    path("me/", me),
    path("me/kept/", kept(me)),
    path("me/paged/", cache_page(600)(vary_on_cookie(me))),
    path("me/private/", cache_control(private=True, max_age=600)(me)),
    path("basket/", kept(basket)),
    path("groups/", cache_control(no_cache=True)(groups)),
    path("now/", cache_control(no_store=True, max_age=600)(now)),
    path("theme/", theme),
    path("where/", kept(where)),
    path("language/", kept(vary_on_headers("Accept-Language")(language))),
    path("stream/", kept(stream)),
    path("download/", kept(download)),
]
