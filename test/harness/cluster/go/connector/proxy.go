package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Proxy is both proxies of a connector: the vendor's plugin serves them at one port.
type Proxy struct {
	kube      *Kube
	panel     Panel
	sessions  Sessions
	upstreams Upstreams
	journal   Journal
	authority *Authority
}

// runProxy serves until it fails. Environment: LISTEN, ADMIN, KNOBS (JSON), and for the connector's service SERVICE
// (`namespace/name`) with POD_IP.
func runProxy() error {
	kube, err := newKube()
	if err != nil {
		return err
	}
	ctx := context.Background()
	authority, err := loadAuthority(ctx, kube)
	if err != nil {
		return err
	}
	proxy := &Proxy{kube: kube, authority: authority, upstreams: Upstreams{kube: kube}}
	initial := defaultKnobs()
	proxy.panel.reset(initial)
	if err := proxy.panel.change([]byte(setting("KNOBS", "{}"))); err != nil {
		return err
	}
	initial = proxy.panel.get()
	listen := setting("LISTEN", ":8080")
	if service := setting("SERVICE", ""); service != "" {
		if err := publish(ctx, kube, parseName(service, ""), setting("POD_IP", ""), listen); err != nil {
			return err
		}
	}
	whenEnded(func() {})
	failed := make(chan error, 2)
	go func() { failed <- http.ListenAndServe(setting("ADMIN", ":8081"), proxy.admin(initial)) }()
	go func() { failed <- http.ListenAndServe(listen, proxy) }()
	log.Printf("serving on %s", listen)
	return <-failed
}

// ServeHTTP tells the proxies apart: only to a forward proxy does one send CONNECT or a whole URL.
func (p *Proxy) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	switch {
	case request.Method == http.MethodConnect || request.URL.IsAbs():
		p.journal.noted("forward", http.HandlerFunc(p.serveForward)).ServeHTTP(response, request)
	case strings.HasSuffix(request.URL.Path, "/token") && !strings.HasPrefix(request.URL.Path, "/v2/"):
		p.journal.noted("token", http.HandlerFunc(p.serveToken)).ServeHTTP(response, request)
	default:
		p.journal.noted("reverse", http.HandlerFunc(p.serveReverse)).ServeHTTP(response, request)
	}
}

// admin serves the request log and the knobs. Whoever reaches it may do that: it is for tests.
func (p *Proxy) admin(initial Knobs) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) {
		answerJSON(response, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /requests", func(response http.ResponseWriter, _ *http.Request) {
		answerJSON(response, http.StatusOK, p.journal.all())
	})
	mux.HandleFunc("DELETE /requests", func(response http.ResponseWriter, _ *http.Request) {
		p.journal.forget()
		response.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /knobs", func(response http.ResponseWriter, _ *http.Request) {
		answerJSON(response, http.StatusOK, p.panel.get())
	})
	mux.HandleFunc("PATCH /knobs", func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
		if err == nil {
			err = p.panel.change(body)
		}
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		answerJSON(response, http.StatusOK, p.panel.get())
	})
	mux.HandleFunc("DELETE /knobs", func(response http.ResponseWriter, _ *http.Request) {
		p.panel.reset(initial)
		answerJSON(response, http.StatusOK, p.panel.get())
	})
	return mux
}

// identify is Kube.identify with the knob for the life of tokens.
func (p *Proxy) identify(ctx context.Context, token string) (*Identity, error) {
	return p.kube.identify(ctx, token, time.Duration(p.panel.get().TokenLifeSeconds)*time.Second)
}

// connector reads a connector. Errors are refusals for the client.
func (p *Proxy) connector(ctx context.Context, name NamespacedName) (*Connector, error) {
	connector, err := p.kube.connector(ctx, name)
	// A name that Kubernetes does not take at all is as unknown.
	if isNotFound(err) || hasStatus(err, http.StatusUnprocessableEntity) {
		return nil, p.unknown("connector %s not found", name)
	}
	if err != nil {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "connector %s cannot be read: %s", name, err)
	}
	return connector, nil
}

func (p *Proxy) unknown(format string, values ...any) *Refusal {
	status := p.panel.get().UnknownConnector
	codes := map[int]string{400: "NAME_INVALID", 401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN"}
	return refuse(status, codes[status], format, values...)
}

// authorize lets an identity pass to a connector, or not.
func (p *Proxy) authorize(ctx context.Context, identity *Identity, name NamespacedName) error {
	knobs := p.panel.get()
	allowed, err := p.kube.mayUse(ctx, identity, name, knobs.ProxyPermission)
	if err != nil {
		return refuse(http.StatusBadGateway, "UNAVAILABLE", "the API server does not say who may use %s: %s", name, err)
	}
	if allowed {
		return nil
	}
	code := "DENIED"
	if knobs.Forbidden == http.StatusUnauthorized {
		code = "UNAUTHORIZED"
	}
	return refuse(knobs.Forbidden, code, "%s may not get connector %s", identity.Username, name)
}

// refusalOf makes one of any error. What went wrong inside is a gateway's fault.
func refusalOf(err error) *Refusal {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	if errors.Is(err, errNobody) {
		return refuse(http.StatusUnauthorized, "UNAUTHORIZED", "%s", err)
	}
	return refuse(http.StatusBadGateway, "UNAVAILABLE", "%s", err)
}

// basicOf reads HTTP Basic from the value of a header. `%2F` in the user name is read as a slash, for clients that send
// the user of a proxy's URL as it stands there.
func basicOf(header string) (username, password string, found bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	username, password, found = strings.Cut(string(decoded), ":")
	if unescaped, err := url.PathUnescape(username); err == nil {
		username = unescaped
	}
	return username, password, found
}
