FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

COPY deploy/requirements.lock deploy/
RUN python -m venv /opt/shopwright \
 && /opt/shopwright/bin/pip install --require-hashes --requirement deploy/requirements.lock

# The build fetches the page assets with npm; Node.js comes as a Python wheel and stays in this stage.
COPY deploy/build.lock deploy/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --requirement deploy/build.lock
COPY pyproject.toml hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY src src
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/shopwright/bin/pip install --no-deps /wheels/*.whl


FROM python:3.11-slim
ENV PATH=/opt/shopwright/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SHOPWRIGHT_DATA_DIR=/data \
    SHOPWRIGHT_HOST=0.0.0.0 \
    PORT=8000
RUN useradd --system --uid 10001 --user-group --no-create-home shopwright \
 && install --directory --owner=shopwright --group=shopwright --mode=0700 /data
COPY --from=build /opt/shopwright /opt/shopwright

USER shopwright
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + os.environ.get('BASE_PATH', '').rstrip('/') + '/health', timeout=4)"]
ENTRYPOINT ["shopwright"]
CMD ["serve"]
