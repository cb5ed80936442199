# One image, three processes: web (the default), worker (`python worker.py`), migrate (`flask db upgrade`).
# Works with a read-only file system: nothing is written but /tmp and VAR_DIR.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/portal
RUN python -m venv /srv/venv
COPY requirements/run.txt requirements/run.txt
RUN /srv/venv/bin/pip install --quiet --require-hashes -r requirements/run.txt
COPY . .
# The base image's precompiled modules make the first request quick where the file system is read-only.
RUN /srv/venv/bin/python -m portal.core.web.build \
 && /srv/venv/bin/python -m compileall -q portal migrations wsgi.py worker.py

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Client portal for MSPs"
RUN useradd --system --uid 10001 --user-group --home-dir /srv/portal --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal /var/lib/portal
COPY --from=build /srv/venv /srv/venv
COPY --from=build /srv/portal /srv/portal
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_ENV=production \
    VAR_DIR=/var/lib/portal \
    PORT=8000
WORKDIR /srv/portal
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "gunicorn.conf.py"]
