package main

import (
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const defaultExpiration = 30 * time.Minute

// Volume is what a pod asks for, read from the attributes of its volume and what the kubelet adds about the pod.
type Volume struct {
	pod            NamespacedName
	podUID         string
	serviceAccount string
	connectors     []NamespacedName
	// configurations are names of the class's configurations; excluded are files that are not wanted.
	configurations []string
	excluded       []string
	params         map[string]map[string]any
	expiration     time.Duration
}

// parseVolume reads both styles of attributes: `connectors` since 1.9, `connector.name` before.
func parseVolume(attributes map[string]string, several bool) (*Volume, error) {
	volume := &Volume{
		pod: NamespacedName{
			attributes["csi.storage.k8s.io/pod.namespace"], attributes["csi.storage.k8s.io/pod.name"],
		},
		podUID:         attributes["csi.storage.k8s.io/pod.uid"],
		serviceAccount: attributes["csi.storage.k8s.io/serviceAccount.name"],
		expiration:     defaultExpiration,
	}
	for _, name := range words(attributes["connectors"]) {
		volume.connectors = append(volume.connectors, parseName(name, volume.pod.Namespace))
	}
	if name := attributes["connector.name"]; name != "" && len(volume.connectors) == 0 {
		namespace := attributes["connector.namespace"]
		if namespace == "" {
			namespace = volume.pod.Namespace
		}
		volume.connectors = []NamespacedName{{namespace, name}}
	}
	if len(volume.connectors) == 0 {
		return nil, status.Error(codes.InvalidArgument, "connectors or connector.name is required")
	}
	if len(volume.connectors) > 1 && !several {
		return nil, status.Error(codes.InvalidArgument, "several connectors need the flag enable-multi-connector")
	}
	for _, name := range words(attributes["configuration.names"]) {
		if file, isExcluded := strings.CutPrefix(name, "!"); isExcluded {
			volume.excluded = append(volume.excluded, file)
		} else {
			volume.configurations = append(volume.configurations, name)
		}
	}
	if text := attributes["configuration.params"]; text != "" {
		if err := json.Unmarshal([]byte(text), &volume.params); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "configuration.params is no JSON object of objects: %s", err)
		}
	}
	if text := attributes["token.expiration"]; text != "" {
		expiration, err := time.ParseDuration(text)
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "token.expiration: %s", err)
		}
		volume.expiration = expiration
	}
	return volume, nil
}

func words(text string) []string {
	var result []string
	for _, word := range strings.Split(text, ",") {
		if trimmed := strings.TrimSpace(word); trimmed != "" {
			result = append(result, trimmed)
		}
	}
	return result
}
