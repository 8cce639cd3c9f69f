"""What the admin shows of the people who work in it, in place of what other packages registered."""

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

# Their pages would show one operator another's key. See `manage.py reset_second_factor`.
admin.site.unregister([TOTPDevice, StaticDevice])
