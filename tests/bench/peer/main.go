// Peer of the cache benchmark: a controller-runtime program that caches what bailiwick-operator
// caches, reconciles every ModelDeployment by returning at once, and does nothing else. Or peer of the webhook
// benchmark: it allows every ModelDeployment.
//
//	peer --kubeconfig=FILE [--transform]
//	peer --webhook-port=PORT --webhook-cert-dir=DIR
//
// Prints one line to stdout when all caches are synced:
//
//	ready modeldeployments=5000 nodes=1000 pods=10000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var whole = map[string]client.Object{
	"modeldeployments": &ModelDeployment{},
	"modelpassports":   &ModelPassport{},
	"regions":          &Region{},
	"nodes":            &corev1.Node{},
	"pods":             &corev1.Pod{},
	"runtimeclasses":   &nodev1.RuntimeClass{},
}

// Cached only where the operator made them.
var managed = map[string]client.Object{
	"deployments":          &appsv1.Deployment{},
	"services":             &corev1.Service{},
	"configmaps":           &corev1.ConfigMap{},
	"poddisruptionbudgets": &policyv1.PodDisruptionBudget{},
	"networkpolicies":      &networkingv1.NetworkPolicy{},
	"serviceaccounts":      &corev1.ServiceAccount{},
	"roles":                &rbacv1.Role{},
	"rolebindings":         &rbacv1.RoleBinding{},
}

func main() {
	// controller-runtime registers --kubeconfig itself.
	transform := flag.Bool("transform", false, "keep only the fields that bailiwick-operator keeps")
	port := flag.Int("webhook-port", 0, "serve an admission webhook there, and nothing else")
	certificates := flag.String("webhook-cert-dir", "", "folder of its tls.crt and tls.key")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	work := func() error { return run(*transform) }
	if *port != 0 {
		work = func() error { return serveWebhook(*port, *certificates) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(transform bool) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	addKinds(scheme)
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme,
		Cache:                  cacheOptions(transform),
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
	})
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(manager).For(&ModelDeployment{}).Complete(
		reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, nil
		}))
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	stores, err := open(ctx, manager.GetCache())
	if err != nil {
		return err
	}
	go announce(ctx, manager.GetCache(), stores)
	return manager.Start(ctx)
}

func cacheOptions(transform bool) cache.Options {
	options := cache.Options{ByObject: map[client.Object]cache.ByObject{}}
	ours := labels.SelectorFromSet(labels.Set{managedByLabel: managedBy})
	for _, object := range managed {
		options.ByObject[object] = cache.ByObject{Label: ours}
	}
	if transform {
		options.DefaultTransform = keepWhatOursKeeps
	}
	return options
}

// open makes an informer of each kind. A cache that has not been started hands them out at once and
// unsynced, so this says nothing of what they hold.
func open(ctx context.Context, from cache.Cache) (map[string]toolscache.Store, error) {
	stores := map[string]toolscache.Store{}
	for _, kinds := range []map[string]client.Object{whole, managed} {
		for name, object := range kinds {
			informer, err := from.GetInformer(ctx, object)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			stores[name] = informer.(toolscache.SharedIndexInformer).GetStore()
		}
	}
	return stores, nil
}

func announce(ctx context.Context, from cache.Cache, stores map[string]toolscache.Store) {
	// Waits until the cache has been started and every informer of it is synced.
	if !from.WaitForCacheSync(ctx) {
		return
	}
	var counts []string
	for name, store := range stores {
		if size := len(store.ListKeys()); size > 0 {
			counts = append(counts, fmt.Sprintf("%s=%d", name, size))
		}
	}
	sort.Strings(counts)
	fmt.Println("ready", strings.Join(counts, " "))
}
