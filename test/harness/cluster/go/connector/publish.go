package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// publish makes the service of a connector lead to this pod, which runs in another namespace: the service has no
// selector, and this is its only endpoint.
func publish(ctx context.Context, kube *Kube, service NamespacedName, address, listen string) error {
	_, text, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	var owner struct{ Metadata struct{ UID string } }
	servicePath := fmt.Sprintf("/api/v1/namespaces/%s/services/%s", service.Namespace, service.Name)
	if err := kube.get(ctx, servicePath, &owner); err != nil {
		return err
	}
	path := fmt.Sprintf("/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices/%s", service.Namespace, service.Name)
	return kube.apply(ctx, path, map[string]any{
		"apiVersion":  "discovery.k8s.io/v1",
		"kind":        "EndpointSlice",
		"addressType": "IPv4",
		"metadata": map[string]any{
			"name":   service.Name,
			"labels": map[string]string{"kubernetes.io/service-name": service.Name},
			"ownerReferences": []any{map[string]any{
				"apiVersion": "v1", "kind": "Service", "name": service.Name, "uid": owner.Metadata.UID,
			}},
		},
		"endpoints": []any{map[string]any{
			"addresses": []string{address}, "conditions": map[string]bool{"ready": true},
		}},
		"ports": []any{map[string]any{"name": "http", "port": port, "protocol": "TCP"}},
	})
}
