package main

import (
	"net/http"
	"regexp"
	"strings"
)

// prefixPattern is how a repository names its connector since 1.1.
var prefixPattern = regexp.MustCompile(`^namespaces/([^/]+)/connectors/([^/]+)/(.+)$`)

// hostPattern is how the name of a connector's service names it in 1.0.
var hostPattern = regexp.MustCompile(`^c-([^.]+)\.([^.]+)\.svc(?:\.[^:]*)?(?::\d+)?$`)

// Address resolves names between clients and the upstream.
type Address struct {
	resolver string
	host     string
}

// resolve says which connector a client's repository is of, and its name upstream.
func (a Address) resolve(repository string) (connector NamespacedName, upstream string, found bool) {
	if a.resolver == "host" {
		match := hostPattern.FindStringSubmatch(a.host)
		if match == nil {
			return NamespacedName{}, "", false
		}
		return NamespacedName{Namespace: match[2], Name: match[1]}, repository, true
	}
	match := prefixPattern.FindStringSubmatch(repository)
	if match == nil {
		return NamespacedName{}, "", false
	}
	return NamespacedName{Namespace: match[1], Name: match[2]}, match[3], true
}

// prefix stands before the upstream's repositories in the names of clients.
func (a Address) prefix(connector NamespacedName) string {
	if a.resolver == "host" {
		return ""
	}
	return "namespaces/" + connector.Namespace + "/connectors/" + connector.Name + "/"
}

// splitPath reads a repository and the rest of a request to it.
//
// With blobs/manifests among the components of a repository, the last one that fits counts, as in registries.
func splitPath(path string) (repository, rest string, found bool) {
	best := -1
	for _, kind := range []string{"/manifests/", "/blobs/", "/tags/list", "/referrers/"} {
		if at := strings.LastIndex(path, kind); at > best {
			best = at
		}
	}
	if uploads := strings.LastIndex(path, "/blobs/uploads/"); uploads >= 0 {
		best = uploads
	}
	const root = "/v2/"
	if !strings.HasPrefix(path, root) || best < len(root) {
		return "", "", false
	}
	return path[len(root):best], path[best+1:], true
}

// schemeOf is the scheme that a client used, as an ingress before the proxy tells it.
func schemeOf(request *http.Request) string {
	if request.Header.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}
