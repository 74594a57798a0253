# Stand-in for rust:1.95-slim-bookworm, which compiles for platforms other than the builder's: Debian's own toolchain, because
# only its packages bring the standard library of other architectures.
FROM scratch
# A minimal Debian with rustc, cargo and cross compilers, made by base-images.sh.
ADD root.tar /
# hadolint ignore=DL3022  # a named build context
COPY --from=scripts --chmod=0755 rustup.sh /usr/local/bin/rustup
# As in the real image, so that stages may hand the registry's folder on.
ENV CARGO_HOME=/usr/local/cargo \
    PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
CMD ["bash"]
