# Stand-in for node:22-bookworm-slim: the host's node and npm.
FROM debian:bookworm-slim
RUN groupadd --gid 1000 node \
    && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
# hadolint ignore=DL3022  # `node` and `npm` are named build contexts
COPY --from=node node /usr/local/bin/node
# hadolint ignore=DL3022
COPY --from=npm . /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
# node trusts its own list of authorities unless told of the system's.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
