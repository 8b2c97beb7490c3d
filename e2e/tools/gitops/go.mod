// Only the CRD of ApplicationSet is used: go mod download brings it, nothing is built.
module bailiwick.dev/e2e/tools/gitops

go 1.24.0

require github.com/argoproj/argo-cd/v2 v2.14.21
