package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

const connectorsAPI = "/apis/connectors.alauda.io/v1alpha1"

// NamespacedName says which object is meant.
type NamespacedName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

func (n NamespacedName) String() string { return n.Namespace + "/" + n.Name }

// parseName reads `namespace/name`, or a name alone.
func parseName(text, namespace string) NamespacedName {
	if before, after, found := strings.Cut(text, "/"); found {
		return NamespacedName{before, after}
	}
	return NamespacedName{namespace, text}
}

// Condition is one line of a status.
type Condition struct {
	Type    string
	Status  string
	Reason  string
	Message string
}

// Connector is what the emulator reads of a Connector.
type Connector struct {
	Metadata struct {
		Name        string
		Namespace   string
		Annotations map[string]string
	}
	Spec struct {
		ConnectorClassName string
		Address            string
		AddressExtensions  []struct{ Value string }
		Auth               struct {
			Name      string
			SecretRef *NamespacedName
		}
		CACertSecretRef *struct{ Name string } `json:"caCertSecretRef"`
	}
	Status struct {
		Conditions []Condition
		Proxy      struct {
			HTTPAddress struct{ URL string } `json:"httpAddress"`
		}
	}
}

func (c *Connector) name() NamespacedName {
	return NamespacedName{c.Metadata.Namespace, c.Metadata.Name}
}

// problem is why the connector is not ready, or "". A connector without conditions counts as ready.
func (c *Connector) problem() string {
	for _, condition := range c.Status.Conditions {
		if condition.Type == "Ready" && condition.Status != "True" {
			return strings.TrimSpace(condition.Reason + " " + condition.Message)
		}
	}
	return ""
}

// hosts are the `host:port` that the connector's credential is for.
func (c *Connector) hosts() []string {
	addresses := []string{c.Spec.Address}
	for _, extension := range c.Spec.AddressExtensions {
		addresses = append(addresses, extension.Value)
	}
	var hosts []string
	for _, address := range addresses {
		if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
			hosts = append(hosts, withPort(parsed.Host, parsed.Scheme))
		}
	}
	return hosts
}

// withPort adds the port of the scheme to a host that has none.
func withPort(host, scheme string) string {
	if (&url.URL{Host: host}).Port() != "" {
		return host
	}
	if scheme == "http" {
		return host + ":80"
	}
	return host + ":443"
}

// ConnectorClass is what the emulator reads of a ConnectorClass.
type ConnectorClass struct {
	Metadata struct{ Annotations map[string]string }
	Spec     struct {
		Configurations []Configuration
	}
	Status struct {
		Proxy struct {
			HTTPAddress struct{ URL string } `json:"httpAddress"`
		}
	}
}

// Configuration is a set of files that a volume can ask for.
type Configuration struct {
	Name   string
	Data   map[string]string
	Params []struct {
		Name    string
		Default any
	}
}

// Secret is what the emulator reads of a Secret.
type Secret struct {
	Data map[string][]byte
}

func (k *Kube) connector(ctx context.Context, name NamespacedName) (*Connector, error) {
	var connector Connector
	err := k.get(ctx, fmt.Sprintf("%s/namespaces/%s/connectors/%s", connectorsAPI, name.Namespace, name.Name), &connector)
	return &connector, err
}

func (k *Kube) connectorClass(ctx context.Context, name string) (*ConnectorClass, error) {
	var class ConnectorClass
	err := k.get(ctx, connectorsAPI+"/connectorclasses/"+name, &class)
	return &class, err
}

func (k *Kube) secret(ctx context.Context, name NamespacedName) (*Secret, error) {
	var secret Secret
	err := k.get(ctx, fmt.Sprintf("/api/v1/namespaces/%s/secrets/%s", name.Namespace, name.Name), &secret)
	return &secret, err
}
