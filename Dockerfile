# The agent as an image:   docker build -t log-capturer --build-arg REVISION=$(git describe --always --dirty --abbrev=12 --exclude '*') .
#
# BASE is any image with Node.js 20.19 or later, npm and a shell; what is built is copied upon the same base. Both the classic
# builder and BuildKit build it. Debian's kind of base (glibc) and Alpine's (musl) will do: dependencies are installed in it.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
# Nothing that is needed here compiles or downloads at its installation.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/*.mjs scripts/
COPY src src
COPY ui ui
# There is no git in here: without the argument the build says that its revision is unknown. The digest of the sources is always right.
ARG REVISION
RUN BUILD_REVISION="${REVISION}" npm run build && npm prune --omit=dev --ignore-scripts
# /data is everybody's, like /tmp: a new volume takes its mode over, so that a user who is not root can write his history there.
RUN mkdir -p /out/opt/log-capturer/dist /out/usr/local/bin /out/data \
  && chmod 1777 /out/data \
  && mv dist/src /out/opt/log-capturer/dist/src \
  && mv node_modules package.json /out/opt/log-capturer/ \
  && chmod 755 /out/opt/log-capturer/dist/src/main.js \
  && ln -s /opt/log-capturer/dist/src/main.js /out/usr/local/bin/log-capturer

FROM ${BASE}
COPY --from=build /out/ /
# No VOLUME: an unnamed one would look safe and be left behind with the container. Without a volume the agent warns.
WORKDIR /data
EXPOSE 8401 8001
STOPSIGNAL SIGTERM
# Starting a program for it costs 0.3 CPU-seconds: every two minutes that is a quarter of a percent of a core.
HEALTHCHECK --interval=2m --timeout=10s --start-period=1m --retries=2 CMD ["log-capturer", "healthcheck"]
ENTRYPOINT ["log-capturer"]
CMD ["run"]
ARG REVISION
LABEL org.opencontainers.image.title="log-capturer" \
      org.opencontainers.image.description="Captures every line your containers write, keeps a local history, and delivers it with proof." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
