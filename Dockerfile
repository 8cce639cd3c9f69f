# syntax=docker/dockerfile:1
# One image for web, worker and beat; compose.yaml says which runs what.

FROM python:3.13-slim-bookworm AS build
# Which of requirements-*.txt are wanted besides requirements.txt: docker build --build-arg EXTRAS="ses"
ARG EXTRAS="ses sentry"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.txt requirements-ses.txt requirements-sentry.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: --requirement requirements.txt \
    && for extra in ${EXTRAS}; do \
        /opt/venv/bin/pip install --require-hashes --only-binary :all: --requirement "requirements-${extra}.txt" || exit 1; \
    done

FROM python:3.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/var/lib/paper-round DJANGO_SETTINGS_MODULE=digest_site.settings
RUN groupadd --system --gid 10001 paper-round \
    && useradd --system --uid 10001 --gid paper-round --no-create-home --home-dir /nonexistent paper-round \
    && install --directory --owner paper-round --group paper-round --mode 0750 /var/lib/paper-round
WORKDIR /srv/paper-round
COPY --from=build /opt/venv /opt/venv
COPY . .
RUN python -m compileall -q digest_site papers subscriptions
USER 10001:10001
VOLUME /var/lib/paper-round
EXPOSE 8000
# Loopback is always among the names a site answers to, unless ALLOWED_HOSTS leaves it out.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "digest_site.wsgi", "--bind", "0.0.0.0:8000"]
