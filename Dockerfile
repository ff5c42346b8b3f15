# Two stages: what installs stays behind; what runs has no compiler, no build tools and no root.
# Python 3.11 is what every test runs on. The bases are pinned by tag: where there is an engine, pin
# their digests too (docs/operate.md, "In a container").
ARG PYTHON=3.11

FROM python:${PYTHON}-bookworm AS install
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_REQUIRE_HASHES=1 \
    PYTHONPATH=/opt/build
WORKDIR /app
# Dependencies first: these layers last until they change. What builds lies outside of what ships.
COPY requirements-build.txt requirements.txt ./
RUN pip install --only-binary=:all: --target /opt/build -r requirements-build.txt \
    && python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --ignore-installed --only-binary=:all: \
        --no-binary=pdqhash --no-build-isolation -r requirements.txt
COPY . .
# Editable, as everywhere: `audit` and `policies` are generic names, and no wheel is made of them.
RUN PIP_REQUIRE_HASHES=0 pip --python /opt/venv/bin/python install --no-deps \
        --no-build-isolation --editable . \
    && python -m compileall -q audit classifiers pipeline policies

FROM python:${PYTHON}-slim-bookworm
RUN groupadd --gid 10001 imprimatur \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin imprimatur \
    && install -d -m 0700 -o 10001 -g 10001 /data /data/keys
COPY --from=install /opt/venv /opt/venv
# The code and the models (classifiers/weights), owned by root: who runs them cannot change them.
COPY --from=install /app /app
# onnxruntime's own telemetry is off before it is loaded: once it is, it is too late.
ENV PATH=/opt/venv/bin:$PATH \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    IMPRIMATUR_DATA_DIR=/data \
    IMPRIMATUR_LISTEN__HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8788
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8788, timeout=3); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
# No core dumps: memory holds keys, prompts and pictures. `exec`: signals reach the program.
ENTRYPOINT ["/bin/sh", "-c", "ulimit -c 0 && exec imprimatur \"$@\"", "imprimatur"]
CMD ["serve"]
