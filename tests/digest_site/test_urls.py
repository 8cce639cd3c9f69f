def test_favicon_leads_to_the_logo(client):
    response = client.get("/favicon.ico")

    assert (response.status_code, response["Location"]) == (302, "/static/logo.svg")
