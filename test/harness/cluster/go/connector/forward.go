package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// traveller is who uses the forward proxy, and for which connectors.
type traveller struct {
	identity   *Identity
	token      string
	connectors []NamespacedName
}

// serveForward is the forward proxy. It opens the TLS of the connectors' hosts with a certificate of its own authority
// and adds the connectors' credentials there, and nowhere else.
func (p *Proxy) serveForward(response http.ResponseWriter, request *http.Request) {
	traveller, err := p.recognise(request)
	if err != nil {
		refusal := refusalOf(err)
		if refusal.status == http.StatusProxyAuthRequired {
			response.Header().Set("Proxy-Authenticate", `Basic realm="connectors"`)
		}
		refusal.answer(response, request)
		return
	}
	if request.Method != http.MethodConnect {
		p.relay(response, request, traveller, request.URL.Scheme, withPort(request.URL.Host, request.URL.Scheme))
		return
	}
	target := withPort(request.Host, "https")
	connector, err := p.connectorFor(request.Context(), traveller, target)
	if err != nil {
		refusalOf(err).answer(response, request)
		return
	}
	others := p.panel.get().OtherHosts
	switch {
	case connector == nil && others == "refuse":
		refuse(http.StatusForbidden, "DENIED", "%s is not the address of a connector", target).answer(response, request)
	case connector == nil && others == "tunnel":
		p.tunnel(response, request, target)
	default:
		p.resign(response, request, traveller, target)
	}
}

// recognise reads `Proxy-Authorization: Basic base64("<ns>/<name>[,…]:<token>")`.
func (p *Proxy) recognise(request *http.Request) (*traveller, error) {
	ctx := request.Context()
	required := func(message string) *Refusal {
		return refuse(http.StatusProxyAuthRequired, "UNAUTHORIZED", "%s", message)
	}
	names, token, found := basicOf(request.Header.Get("Proxy-Authorization"))
	if !found {
		return nil, required("proxy authentication required")
	}
	identity, err := p.identify(ctx, token)
	if errors.Is(err, errNobody) {
		return nil, required("the password is no valid token of a service account")
	}
	if err != nil {
		return nil, err
	}
	line := noteOf(ctx)
	line.by(identity)
	result := &traveller{identity: identity, token: token}
	for _, text := range strings.Split(names, ",") {
		name := parseName(strings.TrimSpace(text), "")
		if name.Namespace == "" || name.Name == "" {
			return nil, required("the user is no namespace/name of a connector")
		}
		line.to(name)
		if _, err := p.connector(ctx, name); err != nil {
			return nil, err
		}
		if err := p.authorize(ctx, identity, name); err != nil {
			return nil, err
		}
		result.connectors = append(result.connectors, name)
	}
	return result, nil
}

// connectorFor is the traveller's connector whose address this is, or nil.
func (p *Proxy) connectorFor(ctx context.Context, who *traveller, target string) (*Connector, error) {
	for _, name := range who.connectors {
		connector, err := p.connector(ctx, name)
		if err != nil {
			return nil, err
		}
		if contains(connector.hosts(), target) {
			return connector, nil
		}
	}
	return nil, nil
}

// tunnel passes bytes unread.
func (p *Proxy) tunnel(response http.ResponseWriter, request *http.Request, target string) {
	server, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		refuse(http.StatusBadGateway, "UNAVAILABLE", "%s does not answer: %s", target, err).answer(response, request)
		return
	}
	defer server.Close()
	client, buffered, err := accept(response, request)
	if err != nil {
		return
	}
	defer client.Close()
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// resign ends the client's TLS here; each request within is relayed over a connection of the proxy's own.
func (p *Proxy) resign(response http.ResponseWriter, request *http.Request, who *traveller, target string) {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		refuse(http.StatusBadRequest, "UNSUPPORTED", "%s is no host and port", target).answer(response, request)
		return
	}
	certificate, err := p.authority.issue(host)
	if err != nil {
		refusalOf(err).answer(response, request)
		return
	}
	connection, buffered, err := accept(response, request)
	if err != nil {
		return
	}
	secured := tls.Server(bufferedConnection{connection, buffered}, &tls.Config{
		Certificates: []tls.Certificate{*certificate},
		NextProtos:   []string{"http/1.1"},
	})
	line := noteOf(request.Context())
	inner := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		noteOf(request.Context()).Who, noteOf(request.Context()).Connector = line.Who, line.Connector
		if p.panel.get().CheckEachRequest {
			if _, err := p.identify(request.Context(), who.token); err != nil {
				refusalOf(err).answer(response, request)
				return
			}
		}
		p.relay(response, request, who, "https", target)
	})
	server := http.Server{Handler: p.journal.noted("forward", inner)}
	_ = server.Serve(&oneConnection{connection: secured})
}

// relay sends one request on, with the connector's credential if the host is the connector's.
func (p *Proxy) relay(response http.ResponseWriter, request *http.Request, who *traveller, scheme, target string) {
	ctx := request.Context()
	connector, err := p.connectorFor(ctx, who, target)
	if err != nil {
		refusalOf(err).answer(response, request)
		return
	}
	if connector == nil && p.panel.get().OtherHosts == "refuse" {
		refuse(http.StatusForbidden, "DENIED", "%s is not the address of a connector", target).answer(response, request)
		return
	}
	transport, authorization := p.upstreams.transport(""), request.Header.Get("Authorization")
	if connector != nil {
		upstream, err := p.upstreams.open(ctx, connector)
		if err == nil {
			noteOf(ctx).Injected = true
			transport = upstream.transport
			authorization, err = injected(request, upstream)
		}
		if err != nil {
			refusalOf(err).answer(response, request)
			return
		}
	}
	proxy := httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(outgoing *httputil.ProxyRequest) {
			address := *request.URL
			outgoing.Out.URL = &url.URL{
				Scheme: scheme, Host: target, Path: address.Path, RawPath: address.RawPath, RawQuery: address.RawQuery,
			}
			outgoing.Out.Host = request.Host
			outgoing.Out.Header.Del("Authorization")
			if authorization != "" {
				outgoing.Out.Header.Set("Authorization", authorization)
			}
		},
		ErrorHandler: func(response http.ResponseWriter, request *http.Request, err error) {
			refuse(http.StatusBadGateway, "UNAVAILABLE", "%s: %s", target, err).answer(response, request)
		},
	}
	proxy.ServeHTTP(response, request)
}

// injected is the authorization for a request to the connector's host: a token for the registry's API, and the
// credential itself for everything else there.
func injected(request *http.Request, upstream *Upstream) (string, error) {
	path := request.URL.Path
	if !strings.HasPrefix(path, "/v2/") {
		return upstream.basic(), nil
	}
	repository, _, found := splitPath(path)
	if !found {
		return upstream.authorization(request.Context(), nil)
	}
	scopes := []Scope{{repository, neededActions(request.Method)}}
	if from := request.URL.Query().Get("from"); from != "" {
		scopes = append(scopes, Scope{from, []string{"pull"}})
	}
	return upstream.authorization(request.Context(), scopes)
}

// accept answers CONNECT and takes the connection over.
func accept(response http.ResponseWriter, request *http.Request) (net.Conn, *bufio.ReadWriter, error) {
	connection, buffered, err := http.NewResponseController(response).Hijack()
	if err != nil {
		refuse(http.StatusInternalServerError, "UNSUPPORTED", "%s", err).answer(response, request)
		return nil, nil, err
	}
	if watched, ok := response.(*statusWriter); ok {
		watched.status = http.StatusOK
	}
	_, err = connection.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	return connection, buffered, err
}

// bufferedConnection reads first what net/http had read already.
type bufferedConnection struct {
	net.Conn
	reader io.Reader
}

func (c bufferedConnection) Read(into []byte) (int, error) { return c.reader.Read(into) }

// oneConnection is a listener with a single connection.
type oneConnection struct {
	connection net.Conn
}

func (o *oneConnection) Accept() (net.Conn, error) {
	if o.connection == nil {
		return nil, net.ErrClosed
	}
	connection := o.connection
	o.connection = nil
	return connection, nil
}

func (o *oneConnection) Close() error   { return nil }
func (o *oneConnection) Addr() net.Addr { return &net.TCPAddr{} }
