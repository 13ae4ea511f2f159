# Exporters whose images hold one program, with a second one that can ask whether they answer.
#   docker build -f ops/docker/exporters.Dockerfile --target nginx-exporter .
FROM nginx/nginx-prometheus-exporter:1.5.1@sha256:9f6d963bb2b19d706d401cc3e2c3ea8de2f1c471b96a2156ca45e76f650b1625 AS nginx-program
FROM oliver006/redis_exporter:v1.76.0@sha256:1542bc6a88decfc16db6603045accd502cc3a46c46659d7cfd568e1f6965fe59 AS redis-program

FROM busybox:1.37.0-musl@sha256:222ad6d973c0d198014546a65cd02c5fdedcc172123c5b4c2bf0af636550bd94 AS nginx-exporter
COPY --from=nginx-program /usr/bin/nginx-prometheus-exporter /usr/bin/
USER 65534:65534
EXPOSE 9113
HEALTHCHECK --interval=5s --timeout=3s --retries=10 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9113/metrics"]
ENTRYPOINT ["nginx-prometheus-exporter"]

FROM busybox:1.37.0-musl@sha256:222ad6d973c0d198014546a65cd02c5fdedcc172123c5b4c2bf0af636550bd94 AS redis-exporter
COPY --from=redis-program /redis_exporter /usr/bin/
USER 65534:65534
EXPOSE 9121
HEALTHCHECK --interval=5s --timeout=3s --retries=10 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9121/metrics"]
ENTRYPOINT ["redis_exporter"]
