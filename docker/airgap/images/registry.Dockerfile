# Stand-in for registry:2: Debian's docker-registry with the real image's paths and settings.
FROM debian:bookworm-slim
# hadolint ignore=DL3008  # whatever the host's mirror has
RUN apt-get update \
    && apt-get install -y --no-install-recommends docker-registry \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s docker-registry /usr/bin/registry \
    && mkdir -p /var/lib/registry
# Every key can be changed by REGISTRY_…, as with the real image.
RUN printf '%s\n' 'version: 0.1' 'log: {fields: {service: registry}}' \
    'storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: /var/lib/registry}}' \
    'http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}}' \
    'health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}' >/etc/docker/registry/config.yml
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["registry", "serve"]
CMD ["/etc/docker/registry/config.yml"]
