from papers.models import Category
from tests.papers.admin.rows import path


def test_category_that_is_none(admin_client):
    response = admin_client.post(path("category", "add"), {"code": "68T05", "name": "", "is_read": "on"})

    assert response.context["adminform"].form.errors == {
        "code": ["'68T05' is no arXiv category: write it as arXiv does, such as cs.LG."]
    }


def test_category_is_switched_off_in_the_list(admin_client):
    Category.objects.exclude(code="cs.AI").delete()
    category = Category.objects.get()

    admin_client.post(
        path("category"),
        {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": category.pk, "_save": "Save"},
    )

    assert list(Category.objects.values_list("code", "is_read")) == [("cs.AI", False)]
