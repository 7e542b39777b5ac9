# The service alone, from its Debian package; docker-compose.yml has PostgreSQL and Kafka beside it.
FROM debian:12 AS build
WORKDIR /src
COPY scripts scripts
COPY api/docs api/docs
RUN scripts/install build package docs
COPY . .
# Of the commit, `docker build --build-arg KEYLEDGER_COMMIT=$(git rev-parse --short=8 HEAD)` tells the program: .git stays out.
ARG KEYLEDGER_COMMIT=
RUN scripts/package --out /out

FROM debian:12-slim
# A number of its own, which Kubernetes can tell from root's; the package takes the user that is there.
RUN groupadd --system --gid 10001 keyledger \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/keyledger --shell /usr/sbin/nologin keyledger
COPY --from=build /out/keyledger_*.deb /tmp/
RUN apt-get update && apt-get install --yes --no-install-recommends /tmp/keyledger_*.deb \
    && rm -rf /tmp/keyledger_*.deb /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/cache/ldconfig/*
# What is in it, for scanners. debian:12-slim keeps no documents, and this one is asked for.
COPY --from=build /src/build/release/package/keyledger.spdx.json.gz /usr/share/keyledger/
USER 10001:10001
ENV KEYLEDGER_LISTEN=0.0.0.0:8080 KEYLEDGER_MANAGEMENT_LISTEN=127.0.0.1:9080 \
    KEYLEDGER_KEYRING_FILE=/var/lib/keyledger/keyring.json
VOLUME /var/lib/keyledger
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s CMD ["keyledger", "health"]
ENTRYPOINT ["keyledger"]
CMD ["serve"]
