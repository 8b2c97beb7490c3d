package main

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "bailiwick"
	group          = "bailiwick.dev"
	deletionCost   = "controller.kubernetes.io/pod-deletion-cost"
)

// keepWhatOursKeeps is a cache transform: it keeps the fields of each kind that operator/api decodes.
func keepWhatOursKeeps(object any) (any, error) {
	switch in := object.(type) {
	case *corev1.Pod:
		return keepOfPod(in), nil
	case *corev1.Node:
		return keepOfNode(in), nil
	case *appsv1.Deployment:
		return keepOfDeployment(in), nil
	case *ModelPassport:
		in.ObjectMeta = keepOfMeta(&in.ObjectMeta)
		in.Status = ModelPassportStatus{}
		return in, nil
	case *Region:
		in.ObjectMeta = keepOfMeta(&in.ObjectMeta)
		in.Spec.Access, in.Spec.Gateway = nil, nil
		return in, nil
	case *ModelDeployment:
		in.ObjectMeta = keepOfMeta(&in.ObjectMeta)
		return in, nil
	case *corev1.ConfigMap:
		return &corev1.ConfigMap{ObjectMeta: keepOfMeta(&in.ObjectMeta)}, nil
	case metav1.ObjectMetaAccessor:
		meta := in.GetObjectMeta()
		meta.SetManagedFields(nil)
		meta.SetAnnotations(ourAnnotations(meta.GetAnnotations()))
	}
	return object, nil
}

func keepOfMeta(in *metav1.ObjectMeta) metav1.ObjectMeta {
	out := metav1.ObjectMeta{
		Name:              in.Name,
		Namespace:         in.Namespace,
		UID:               in.UID,
		ResourceVersion:   in.ResourceVersion,
		Generation:        in.Generation,
		CreationTimestamp: in.CreationTimestamp,
		DeletionTimestamp: in.DeletionTimestamp,
		Labels:            in.Labels,
		Annotations:       ourAnnotations(in.Annotations),
		Finalizers:        in.Finalizers,
	}
	if owner := metav1.GetControllerOfNoCopy(in); owner != nil {
		out.OwnerReferences = []metav1.OwnerReference{{UID: owner.UID, Controller: owner.Controller}}
	}
	return out
}

func ourAnnotations(in map[string]string) map[string]string {
	var out map[string]string
	for key, value := range in {
		domain, _, _ := strings.Cut(key, "/")
		if domain != group && !strings.HasSuffix(domain, "."+group) && key != deletionCost {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out
}

// The keys of the catalogue that nodes of the benchmark carry.
var nodeLabels = map[string]bool{
	"topology.kubernetes.io/region":            true,
	"topology.kubernetes.io/zone":              true,
	"failure-domain.beta.kubernetes.io/region": true,
	"failure-domain.beta.kubernetes.io/zone":   true,
	"bailiwick.dev/jurisdiction":               true,
	"nvidia.com/gpu.product":                   true,
	"nvidia.com/gpu.memory":                    true,
	"amd.com/gpu.product-name":                 true,
	"amd.com/gpu.vram":                         true,
	"amd.com/gpu.device-id":                    true,
	"accelerator":                              true,
	"accelerator-type":                         true,
	"node.kubernetes.io/npu.chip.name":         true,
	"mind-cluster/npu-chip-memory":             true,
}

func keepOfNode(in *corev1.Node) *corev1.Node {
	out := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: in.Name, ResourceVersion: in.ResourceVersion, Generation: in.Generation,
		Labels: map[string]string{},
	}}
	for key, value := range in.Labels {
		if nodeLabels[key] || strings.HasPrefix(key, "data-residency.bailiwick.dev/") {
			out.Labels[key] = value
		}
	}
	out.Spec.Unschedulable = in.Spec.Unschedulable
	out.Spec.Taints = in.Spec.Taints
	out.Status.Allocatable = in.Status.Allocatable
	for _, condition := range in.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			out.Status.Conditions = []corev1.NodeCondition{{Type: condition.Type, Status: condition.Status}}
		}
	}
	return out
}

// Of pods that are not ours only name, node, phase and requests.
func keepOfPod(in *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: in.Name, Namespace: in.Namespace, ResourceVersion: in.ResourceVersion,
	}}
	out.Spec.NodeName = in.Spec.NodeName
	out.Spec.Containers = keepOfContainers(in.Spec.Containers)
	out.Spec.InitContainers = keepOfContainers(in.Spec.InitContainers)
	out.Spec.Overhead = in.Spec.Overhead
	out.Spec.Resources = in.Spec.Resources
	out.Status.Phase = in.Status.Phase
	if in.Labels[managedByLabel] != managedBy {
		return out
	}
	out.ObjectMeta = keepOfMeta(&in.ObjectMeta)
	for _, condition := range in.Status.Conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.PodScheduled {
			out.Status.Conditions = append(out.Status.Conditions, condition)
		}
	}
	out.Status.InitContainerStatuses = keepOfStatuses(in.Status.InitContainerStatuses)
	out.Status.ContainerStatuses = keepOfStatuses(in.Status.ContainerStatuses)
	return out
}

func keepOfContainers(in []corev1.Container) []corev1.Container {
	if in == nil {
		return nil
	}
	out := make([]corev1.Container, len(in))
	for i := range in {
		out[i].Name = in[i].Name
		out[i].RestartPolicy = in[i].RestartPolicy
		out[i].Resources.Requests = in[i].Resources.Requests
	}
	return out
}

func keepOfStatuses(in []corev1.ContainerStatus) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for i := range in {
		if in[i].State.Waiting != nil {
			out = append(out, corev1.ContainerStatus{Name: in[i].Name, State: in[i].State})
		}
	}
	return out
}

func keepOfDeployment(in *appsv1.Deployment) *appsv1.Deployment {
	out := &appsv1.Deployment{ObjectMeta: keepOfMeta(&in.ObjectMeta)}
	out.Spec.Replicas = in.Spec.Replicas
	out.Status = in.Status
	out.Status.Conditions = nil
	for _, condition := range in.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure {
			out.Status.Conditions = append(out.Status.Conditions, condition)
		}
	}
	return out
}
