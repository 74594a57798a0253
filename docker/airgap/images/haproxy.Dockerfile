# Stand-in for haproxy:3.0: Debian's own with the real image's user, paths and command.
FROM scratch
# A minimal Debian with haproxy, made by base-images.sh.
ADD root.tar /
RUN mkdir -p /usr/local/etc/haproxy /var/lib/haproxy \
    && chown haproxy:haproxy /var/lib/haproxy
USER haproxy
WORKDIR /var/lib/haproxy
# SIGUSR1 lets requests in flight end.
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
