# The service alone; docker-compose.yml has PostgreSQL and Kafka beside it.
FROM debian:12 AS build
WORKDIR /src
COPY scripts scripts
RUN scripts/install build
COPY . .
RUN cmake --preset release && cmake --build --preset release --target keyledger && strip build/release/bin/keyledger

FROM debian:12-slim
COPY scripts/install scripts/lib/common.sh /tmp/scripts/
RUN mkdir /tmp/scripts/lib && mv /tmp/scripts/common.sh /tmp/scripts/lib/ && /tmp/scripts/install runtime \
    && rm -rf /tmp/scripts /var/lib/apt/lists/* && useradd --system --uid 10001 keyledger \
    && install --directory --owner=keyledger --mode=0700 /var/lib/keyledger
COPY --from=build /src/build/release/bin/keyledger /usr/local/bin/keyledger
USER keyledger
ENV KEYLEDGER_LISTEN=0.0.0.0:8080 KEYLEDGER_MANAGEMENT_LISTEN=127.0.0.1:9080 \
    KEYLEDGER_KEYRING_FILE=/var/lib/keyledger/keyring.json
VOLUME /var/lib/keyledger
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD curl -fsS -o /dev/null http://127.0.0.1:8080/health/ready
ENTRYPOINT ["keyledger"]
CMD ["serve"]
