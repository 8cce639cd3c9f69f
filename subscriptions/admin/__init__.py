"""The operators' view of readers and of what each was sent. Consent and ledger can be read, not written."""

from subscriptions.admin import readers, records, sending

__all__ = ["readers", "records", "sending"]
