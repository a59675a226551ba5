package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Upstream is the registry behind a connector, with the connector's credential. Only the proxy has it, for one request.
type Upstream struct {
	address   *url.URL
	username  string
	password  string
	transport *http.Transport
	tokens    *upstreamTokens
	key       string
}

// Upstreams keeps connections and tokens from one request to the next.
type Upstreams struct {
	kube       *Kube
	mutex      sync.Mutex
	transports map[string]*http.Transport
	tokens     upstreamTokens
}

// open reads the connector's Secrets. Errors are refusals for the client.
func (u *Upstreams) open(ctx context.Context, connector *Connector) (*Upstream, error) {
	name := connector.name()
	if problem := connector.problem(); problem != "" {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "connector %s is not ready: %s", name, problem)
	}
	address, err := url.Parse(connector.Spec.Address)
	if err != nil || address.Host == "" {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "connector %s has no address that is a URL", name)
	}
	upstream := &Upstream{address: address, tokens: &u.tokens}
	if reference := connector.Spec.Auth.SecretRef; reference != nil {
		secretName := *reference
		if secretName.Namespace == "" {
			secretName.Namespace = name.Namespace
		}
		secret, err := u.kube.secret(ctx, secretName)
		if err != nil {
			return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "the Secret of connector %s: %s", name, err)
		}
		upstream.username, upstream.password = string(secret.Data["username"]), string(secret.Data["password"])
	}
	authority := ""
	if reference := connector.Spec.CACertSecretRef; reference != nil {
		secret, err := u.kube.secret(ctx, NamespacedName{name.Namespace, reference.Name})
		if err != nil {
			return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "the authority of connector %s: %s", name, err)
		}
		authority = string(secret.Data["ca.crt"])
	}
	upstream.transport = u.transport(authority)
	upstream.key = strings.Join([]string{name.String(), address.Host, upstream.username, upstream.password}, "\n")
	return upstream, nil
}

// transport trusts the system's authorities and one more.
func (u *Upstreams) transport(authority string) *http.Transport {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if transport := u.transports[authority]; transport != nil {
		return transport
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM([]byte(authority))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	if u.transports == nil {
		u.transports = map[string]*http.Transport{}
	}
	u.transports[authority] = transport
	return transport
}

type upstreamTokens struct {
	mutex  sync.Mutex
	tokens map[string]upstreamToken
}

type upstreamToken struct {
	value string
	until time.Time
}

// TokenAnswer is what a token service says.
type TokenAnswer struct {
	Token       string `json:"token"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	IssuedAt    string `json:"issued_at,omitempty"`
}

// authorization is what to show the upstream for these scopes: "" for one that wants nothing.
func (u *Upstream) authorization(ctx context.Context, scopes []Scope) (string, error) {
	key := u.key
	for _, scope := range scopes {
		key += "\n" + scope.String()
	}
	u.tokens.mutex.Lock()
	kept, found := u.tokens.tokens[key]
	u.tokens.mutex.Unlock()
	if found && time.Now().Before(kept.until) {
		return kept.value, nil
	}
	value, seconds, err := u.fetch(ctx, scopes)
	// A token is used for the greater part of its life, so that an upload that starts with it can end.
	if err == nil && seconds > 20 {
		u.tokens.mutex.Lock()
		if u.tokens.tokens == nil || len(u.tokens.tokens) > 1000 {
			u.tokens.tokens = map[string]upstreamToken{}
		}
		u.tokens.tokens[key] = upstreamToken{value, time.Now().Add(time.Duration(seconds*2/3) * time.Second)}
		u.tokens.mutex.Unlock()
	}
	return value, err
}

// fetch asks the upstream how it wants to be authorized, and does that.
func (u *Upstream) fetch(ctx context.Context, scopes []Scope) (value string, seconds int, err error) {
	ping, err := u.get(ctx, u.address.JoinPath("/v2/").String(), false)
	if err != nil {
		return "", 0, err
	}
	_ = ping.Body.Close()
	if ping.StatusCode != http.StatusUnauthorized {
		return "", 0, nil
	}
	scheme, parameters := parseChallenge(ping.Header.Get("WWW-Authenticate"))
	switch scheme {
	case "basic":
		return u.basic(), 0, nil
	case "bearer":
		answer, err := u.token(ctx, parameters, scopes)
		if err != nil {
			return "", 0, err
		}
		return "Bearer " + answer.Token, answer.ExpiresIn, nil
	}
	return "", 0, refuse(http.StatusBadGateway, "UNAVAILABLE", "%s answered 401 without a challenge", u.address.Host)
}

// token asks the upstream's token service.
func (u *Upstream) token(ctx context.Context, challenge map[string]string, scopes []Scope) (*TokenAnswer, error) {
	realm, err := url.Parse(challenge["realm"])
	if err != nil || realm.Host == "" {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "%s names no token service", u.address.Host)
	}
	query := realm.Query()
	if service := challenge["service"]; service != "" {
		query.Set("service", service)
	}
	for _, scope := range scopes {
		query.Add("scope", scope.String())
	}
	realm.RawQuery = query.Encode()
	response, err := u.get(ctx, realm.String(), true)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE",
			"Authentication failed: status code %d from the token service of %s", response.StatusCode, u.address.Host)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var answer TokenAnswer
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "the token service of %s gave no JSON", u.address.Host)
	}
	if answer.Token == "" {
		answer.Token = answer.AccessToken
	}
	if answer.ExpiresIn == 0 {
		answer.ExpiresIn = 60
	}
	return &answer, nil
}

func (u *Upstream) get(ctx context.Context, address string, withCredential bool) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if withCredential && u.username != "" {
		request.SetBasicAuth(u.username, u.password)
	}
	response, err := u.transport.RoundTrip(request)
	if err != nil {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "%s does not answer: %s", request.URL.Host, err)
	}
	return response, nil
}

// basic is the credential itself, or "" without one.
func (u *Upstream) basic() string {
	if u.username == "" {
		return ""
	}
	request := &http.Request{Header: http.Header{}}
	request.SetBasicAuth(u.username, u.password)
	return request.Header.Get("Authorization")
}

var challengeParameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// parseChallenge reads the scheme in lower case and the parameters.
func parseChallenge(header string) (string, map[string]string) {
	scheme, rest, _ := strings.Cut(header, " ")
	parameters := map[string]string{}
	for _, match := range challengeParameter.FindAllStringSubmatch(rest, -1) {
		parameters[match[1]] = match[2]
	}
	return strings.ToLower(scheme), parameters
}

// challengeFor sends a client to the proxy's own token endpoint.
func challengeFor(request *http.Request, scope, reason string) string {
	header := fmt.Sprintf(`Bearer realm="%s://%s/token",service="connectors-oci-plugin"`, schemeOf(request), request.Host)
	if scope != "" {
		header += fmt.Sprintf(`,scope="%s"`, scope)
	}
	if reason != "" {
		header += fmt.Sprintf(`,error="%s"`, reason)
	}
	return header
}
