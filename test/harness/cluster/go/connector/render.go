package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"text/template"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// builtinsName is the ConfigMap with the templates of the files that every volume has.
	builtinsName = "connectors-csi-configuration-system"
	// approvalAnnotation stands in for the vendor's approvals: "pending" or "rejected".
	approvalAnnotation = "connector-emulator/approval"
	// errorFile is the only file of a volume that was rejected.
	errorFile = ".error.json"
)

// Renderer makes the files of volumes.
type Renderer struct {
	kube      *Kube
	authority *Authority
	several   bool
}

// render makes all files of a volume by name. Errors are those of gRPC, in the vendor's words where they are known.
func (r *Renderer) render(ctx context.Context, attributes map[string]string) (map[string]string, error) {
	volume, err := parseVolume(attributes, r.several)
	if err != nil {
		return nil, err
	}
	connectors, err := r.connectors(ctx, volume)
	if err != nil {
		return nil, err
	}
	for _, connector := range connectors {
		switch connector.Metadata.Annotations[approvalAnnotation] {
		case "pending":
			return nil, status.Errorf(codes.FailedPrecondition, "the use of connector %q waits for approval", connector.Metadata.Name)
		case "rejected":
			return rejected(connector)
		}
	}
	class, err := r.kube.connectorClass(ctx, connectors[0].Spec.ConnectorClassName)
	if err != nil {
		return nil, failedToGenerate(err)
	}
	configurations, err := chosen(class, connectors[0].Spec.ConnectorClassName, volume)
	if err != nil {
		return nil, err
	}
	if err := r.admit(ctx, volume); err != nil {
		return nil, err
	}
	token, err := r.token(ctx, volume)
	if err != nil {
		return nil, failedToGenerate(err)
	}
	variables := map[string]any{
		"connector":      variablesOf(connectors[0]),
		"connectors":     all(connectors, variablesOf),
		"connectorclass": map[string]any{"proxyAddress": class.Status.Proxy.HTTPAddress.URL},
		"context":        map[string]any{"token": token, "proxy": map[string]any{"caCert": string(r.authority.PEM)}},
	}
	files, err := r.builtins(ctx, variables)
	if err != nil {
		return nil, err
	}
	for _, configuration := range configurations {
		variables["configurations"] = paramsOf(configuration, volume)
		for name, text := range configuration.Data {
			if files[name], err = expand(name, text, variables); err != nil {
				return nil, failedToGenerate(err)
			}
		}
	}
	for _, name := range volume.excluded {
		delete(files, name)
	}
	return files, nil
}

func (r *Renderer) connectors(ctx context.Context, volume *Volume) ([]*Connector, error) {
	var connectors []*Connector
	for _, name := range volume.connectors {
		connector, err := r.kube.connector(ctx, name)
		if isNotFound(err) {
			return nil, status.Errorf(codes.NotFound, "connector %q not found", name.Name)
		}
		if err != nil {
			return nil, status.Errorf(codes.Unavailable, "could not get connector: %s", err)
		}
		if connector.Status.Proxy.HTTPAddress.URL == "" {
			return nil, failedToGenerate(fmt.Errorf("connector %q has no proxy address in its status", name.Name))
		}
		connectors = append(connectors, connector)
	}
	return connectors, nil
}

// admit asks whether the pod's service account may get the connectors.
func (r *Renderer) admit(ctx context.Context, volume *Volume) error {
	identity := &Identity{
		Username: fmt.Sprintf("system:serviceaccount:%s:%s", volume.pod.Namespace, volume.serviceAccount),
		Groups: []string{
			"system:serviceaccounts", "system:serviceaccounts:" + volume.pod.Namespace, "system:authenticated",
		},
	}
	for _, name := range volume.connectors {
		allowed, err := r.kube.mayUse(ctx, identity, name, false)
		if err != nil {
			return status.Errorf(codes.Unavailable, "could not get connector: %s", err)
		}
		if !allowed {
			return status.Errorf(codes.PermissionDenied,
				"could not get connector: permission denied: %s cannot get connectors %q in the namespace %q",
				identity.Username, name.Name, name.Namespace)
		}
	}
	return nil
}

// token is a new one of the pod's service account that ends with the pod. The API server refuses less than 10 minutes.
func (r *Renderer) token(ctx context.Context, volume *Volume) (string, error) {
	request := map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenRequest",
		"spec": map[string]any{
			"expirationSeconds": int64(volume.expiration / time.Second),
			"boundObjectRef": map[string]any{
				"apiVersion": "v1", "kind": "Pod", "name": volume.pod.Name, "uid": volume.podUID,
			},
		},
	}
	var answer struct{ Status struct{ Token string } }
	path := fmt.Sprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", volume.pod.Namespace, volume.serviceAccount)
	err := r.kube.create(ctx, path, request, &answer)
	return answer.Status.Token, err
}

// builtins makes the files that every volume has. Without the ConfigMap there are none, as before 1.6.
func (r *Renderer) builtins(ctx context.Context, variables map[string]any) (map[string]string, error) {
	var builtins struct{ Data map[string]string }
	namespace := setting("NAMESPACE", "connectors-system")
	err := r.kube.get(ctx, "/api/v1/namespaces/"+namespace+"/configmaps/"+builtinsName, &builtins)
	if err != nil && !isNotFound(err) {
		return nil, failedToGenerate(err)
	}
	files := map[string]string{}
	for name, text := range builtins.Data {
		if files[name], err = expand(name, text, variables); err != nil {
			return nil, failedToGenerate(err)
		}
	}
	return files, nil
}

// chosen are the class's configurations that the volume names.
func chosen(class *ConnectorClass, className string, volume *Volume) ([]Configuration, error) {
	var found []Configuration
	for _, name := range volume.configurations {
		for _, configuration := range class.Spec.Configurations {
			if configuration.Name == name {
				found = append(found, configuration)
			}
		}
	}
	if len(volume.configurations) > 0 && len(found) == 0 {
		return nil, status.Errorf(codes.NotFound,
			"failed to generate configuration: No config generated: connectorclass %q has none of %q",
			className, volume.configurations)
	}
	return found, nil
}

func paramsOf(configuration Configuration, volume *Volume) map[string]any {
	params := map[string]any{}
	for _, param := range configuration.Params {
		params[param.Name] = param.Default
	}
	for name, value := range volume.params[configuration.Name] {
		params[name] = value
	}
	return params
}

// variablesOf is a connector as templates see it.
func variablesOf(connector *Connector) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"name": connector.Metadata.Name, "namespace": connector.Metadata.Namespace},
		"spec":     map[string]any{"address": connector.Spec.Address},
		"status":   map[string]any{"proxyAddress": connector.Status.Proxy.HTTPAddress.URL},
	}
}

func expand(name, text string, variables map[string]any) (string, error) {
	parsed, err := template.New(name).Funcs(templateFunctions).Parse(text)
	if err != nil {
		return "", err
	}
	var result bytes.Buffer
	err = parsed.Execute(&result, variables)
	return result.String(), err
}

// rejected is the single file of a volume whose use was not approved, as JSON of google.rpc.Status.
func rejected(connector *Connector) (map[string]string, error) {
	encoded, err := json.Marshal(map[string]any{
		"code":    int(codes.PermissionDenied),
		"message": fmt.Sprintf("the use of connector %q was rejected", connector.Metadata.Name),
		"details": []any{},
	})
	return map[string]string{errorFile: string(encoded)}, err
}

func failedToGenerate(err error) error {
	return status.Errorf(codes.Internal, "failed to generate configuration: %s", err)
}

func all[T, R any](list []T, change func(T) R) []R {
	var result []R
	for _, item := range list {
		result = append(result, change(item))
	}
	return result
}
