"""The API: Hugging Face's paths and shapes, so that its own client library reads from here."""
