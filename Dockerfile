# syntax=docker/dockerfile:1

# Node is the one that package.json names (test/supply-chain.test.ts holds them together). Whoever publishes an image
# adds its digest (@sha256:…, from `docker buildx imagetools inspect`): a tag can be moved, and where this was written no
# registry of images could be asked.
FROM node:24.21.0-trixie-slim AS base
WORKDIR /app

# Scripts of packages never run here: the image has a Node of its own, and nothing else needs one.
FROM base AS manifests
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
COPY packages/dashboard/package.json packages/dashboard/
COPY packages/server/package.json packages/server/

FROM manifests AS dashboard
RUN npm ci --ignore-scripts --workspace packages/dashboard --workspace packages/client --include-workspace-root=false
COPY tsconfig.json ./
COPY packages/client packages/client
COPY packages/dashboard packages/dashboard
# Shown on a webhook's page, as they are.
COPY docs/receiving docs/receiving
RUN node packages/dashboard/scripts/build-when-stale.ts

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev --workspace packages/server --workspace packages/client --include-workspace-root=false

FROM base
ENV NODE_ENV=production MALLOC_ARENA_MAX=8 TOCSIN_HOST=0.0.0.0 TOCSIN_PORT=8080 TOCSIN_DATA_DIR=/data
# All of it: npm puts a package beside the one that needs it, where two need different versions.
COPY --from=dependencies /app ./
COPY packages/client/src packages/client/src
COPY packages/server/src packages/server/src
COPY --from=dashboard /app/packages/dashboard/dist packages/dashboard/dist
# Owned before it becomes a volume, so that a new volume belongs to the user too.
RUN install -d -m 0700 -o node -g node /data
# By number, for orchestrators that have to see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TOCSIN_PORT}/readyz`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Not npm, which would answer SIGTERM in its own way.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--heap-growing-percent=100", "--no-parallel-scavenge", "packages/server/src/main.ts"]
