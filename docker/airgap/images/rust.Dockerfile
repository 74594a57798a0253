# Stand-in for rust:1.95-bookworm: the host's toolchain and what a build script needs to compile C.
FROM debian:bookworm-slim
# hadolint ignore=DL3008  # whatever the host's mirror has
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libc6-dev make pkg-config \
    && rm -rf /var/lib/apt/lists/*
# `toolchain` is the host's `rustc --print sysroot`; its documentation stays there.
# hadolint ignore=DL3022  # a named build context
COPY --from=toolchain bin /usr/local/cargo/bin
# hadolint ignore=DL3022
COPY --from=toolchain lib /usr/local/cargo/lib
ENV CARGO_HOME=/usr/local/cargo \
    PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
