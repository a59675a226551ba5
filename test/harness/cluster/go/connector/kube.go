package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

// Kube sends requests to the API server with the pod's own service account.
type Kube struct {
	server string
	client *http.Client
}

// KubeError is an answer that is not a success.
type KubeError struct {
	Status  int
	Message string
}

func (e *KubeError) Error() string { return e.Message }

// isNotFound says whether the API server has no such object.
func isNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

func hasStatus(err error, status int) bool {
	var answered *KubeError
	return errors.As(err, &answered) && answered.Status == status
}

// newKube reads where the API server is from the environment of a pod.
func newKube() (*Kube, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("this program runs in a pod: KUBERNETES_SERVICE_HOST is not set")
	}
	authority, err := os.ReadFile(serviceAccountDirectory + "/ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 16}
	return &Kube{
		server: "https://" + net.JoinHostPort(host, port),
		client: &http.Client{Transport: transport, Timeout: 20 * time.Second},
	}, nil
}

func (k *Kube) get(ctx context.Context, path string, out any) error {
	return k.call(ctx, http.MethodGet, path, "", nil, out)
}

func (k *Kube) create(ctx context.Context, path string, in, out any) error {
	return k.call(ctx, http.MethodPost, path, "application/json", in, out)
}

// apply makes an object as it is described, or changes it to that.
func (k *Kube) apply(ctx context.Context, path string, in any) error {
	path += "?fieldManager=connector-emulator&force=true"
	return k.call(ctx, http.MethodPatch, path, "application/apply-patch+yaml", in, nil)
}

func (k *Kube) call(ctx context.Context, method, path, contentType string, in, out any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, k.server+path, body)
	if err != nil {
		return err
	}
	// Read each time: the kubelet renews it.
	token, err := os.ReadFile(serviceAccountDirectory + "/token")
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		var status struct{ Message string }
		if json.Unmarshal(content, &status) != nil || status.Message == "" {
			status.Message = fmt.Sprintf("%s %s answered %d", method, path, response.StatusCode)
		}
		return &KubeError{Status: response.StatusCode, Message: status.Message}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(content, out)
}
