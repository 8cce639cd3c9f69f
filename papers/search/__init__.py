"""The one engine behind the search box, previews, topic feeds and the nightly match."""
