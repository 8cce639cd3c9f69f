"""The operators' view of readers and of what each was sent. Consent and ledger can be read, not written."""

from subscriptions.admin import imports, readers, records, sending

__all__ = ["imports", "readers", "records", "sending"]
