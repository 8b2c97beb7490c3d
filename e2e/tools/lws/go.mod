// Only its CRD is used: go mod download brings it, nothing is built.
module bailiwick.dev/e2e/tools/lws

go 1.24.0

require sigs.k8s.io/lws v0.8.0
