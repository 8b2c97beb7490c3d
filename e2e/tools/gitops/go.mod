// Only the CRDs in these modules are used: go mod download brings them, nothing is built.
module bailiwick.dev/e2e/tools/gitops

go 1.24.0

require (
	github.com/argoproj/argo-cd/v2 v2.14.21
	github.com/fluxcd/helm-controller v1.6.4
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/fluxcd/source-controller v1.9.6
)
