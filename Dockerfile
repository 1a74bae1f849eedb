# syntax=docker/dockerfile:1
# The service as an image: one program on a base that has a C library, certificates and nothing else; no shell, no root.
# `make image` builds it and looks at what came out.

ARG BUILDER=docker.io/library/rust:1-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

# hadolint ignore=DL3006
FROM ${BUILDER} AS build
WORKDIR /build

# What tells what is in the program, for scanners.
RUN cargo install --locked cargo-cyclonedx@0.5.9

# First what changes seldom: with the manifests alone, and nothing of ours to compile, the dependencies are a layer of their own.
COPY Cargo.toml Cargo.lock ./
COPY bench/Cargo.toml bench/
RUN mkdir -p src benches bench/src \
    && for main in src/main.rs benches/checks.rs bench/src/main.rs; do echo 'fn main() {}' > "$main"; done \
    && touch src/lib.rs \
    && cargo build --release --locked --bin lcr \
    && cargo cyclonedx --format json --spec-version 1.5 --override-filename sbom.cdx \
    && rm -rf src benches

COPY src src
COPY migrations migrations
COPY fhir-profiles fhir-profiles
COPY sandbox sandbox
COPY benches benches
# Cargo goes by age, and the stand-ins may be younger than the sources.
RUN find src -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --bin lcr

# hadolint ignore=DL3006
FROM ${RUNTIME}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="lcr-facade" \
    org.opencontainers.image.description="FHIR R4 front door to a shared care record" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.cyclonedx.sbom="/usr/share/doc/lcr/sbom.cdx.json"
COPY --from=build /build/target/release/lcr /usr/bin/lcr
COPY --from=build /build/sbom.cdx.json /usr/share/doc/lcr/sbom.cdx.json

# All interfaces of the container; which of them anybody reaches, whoever runs it says.
ENV LCR_LISTEN=0.0.0.0:8080 \
    LCR_LOG_FORMAT=json
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# No shell and no curl here: the program asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/usr/bin/lcr", "health"]
ENTRYPOINT ["/usr/bin/lcr"]
CMD ["serve"]
