# Two stages: one with pip that fills a virtual environment from the lock, one that only runs it.
# Build:  docker build -t dtsen-hub .
# Run:    docker run --rm -it --init -v dtsen-home:/home/dtsen/hub dtsen-hub status
FROM python:3.11-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/dtsen
WORKDIR /src

# The lock first: a change of our own code leaves this layer as it is.
COPY requirements-run.lock ./
RUN /opt/dtsen/bin/pip install --require-hashes -r requirements-run.lock

COPY pyproject.toml README.md LICENSE ./
COPY reference reference
COPY matching matching
COPY mdm mdm
COPY synthetic synthetic
COPY migrations migrations
COPY api api
RUN /opt/dtsen/bin/pip install --no-deps --no-build-isolation . \
    && /opt/dtsen/bin/pip uninstall --yes setuptools pip

FROM python:3.11-slim

# A user of its own, without shell or password; the home of the hub is a volume only it can read.
RUN useradd --system --create-home --home-dir /home/dtsen --shell /usr/sbin/nologin dtsen \
    && install -d -o dtsen -g dtsen -m 0700 /home/dtsen/hub
COPY --from=build /opt/dtsen /opt/dtsen

ENV PATH=/opt/dtsen/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DTSEN_HOME=/home/dtsen/hub
USER dtsen
WORKDIR /home/dtsen
VOLUME /home/dtsen/hub
# dtsen serve --host 0.0.0.0; a proxy that ends TLS stands before it.
EXPOSE 8000
ENTRYPOINT ["dtsen"]
CMD ["--help"]
