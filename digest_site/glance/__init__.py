"""The admin's home: what goes on, drawn from figures that are asked for at most once a minute."""

from digest_site.glance.page import figures

__all__ = ["figures"]
