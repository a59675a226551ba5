package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// passage is a request on its way to the upstream.
type passage struct {
	connector *Connector
	address   Address
	name      NamespacedName
	// asked is the repository as the client names it, repository as the upstream does.
	asked, repository string
	// rest is what stands behind the repository in the path.
	rest string
	// authorization is for the upstream.
	authorization string
	upstream      *Upstream
}

// serveReverse is the reverse proxy: a registry whose repositories begin with the name of a connector.
func (p *Proxy) serveReverse(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	passage, err := p.admit(request)
	if err != nil {
		refusal := refusalOf(err)
		if refusal.status == http.StatusUnauthorized && refusal.challenge == "" {
			refusal.challenge = challengeFor(request, "", "")
		}
		refusal.answer(response, request)
		return
	}
	if passage == nil {
		answerJSON(response, http.StatusOK, map[string]string{})
		return
	}
	p.pass(response, request, passage)
}

// admit decides about a request: the way to the upstream, nil for a ping that is answered here, or a refusal.
func (p *Proxy) admit(request *http.Request) (*passage, error) {
	ctx, path, knobs := request.Context(), request.URL.Path, p.panel.get()
	address := Address{knobs.Resolver, request.Host}
	if path == "/v2/" || path == "/v2" {
		return nil, p.ping(request)
	}
	if path == "/v2/_catalog" {
		if knobs.Catalog == http.StatusUnauthorized {
			return nil, refuse(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		}
		return nil, refuse(http.StatusNotFound, "NAME_UNKNOWN", "a catalogue names no connector")
	}
	asked, rest, found := splitPath(path)
	if !found {
		return nil, refuse(http.StatusNotFound, "NAME_UNKNOWN", "%s is no path of a registry", path)
	}
	name, repository, found := address.resolve(asked)
	if !found {
		return nil, p.unknown("no connector has the repository %s", asked)
	}
	way := &passage{address: address, name: name, asked: asked, repository: repository, rest: rest}
	noteOf(ctx).to(name)
	var err error
	if way.connector, err = p.connector(ctx, name); err != nil {
		return nil, err
	}
	scopes, err := p.rights(request, way)
	if err != nil {
		return nil, err
	}
	if refusal := deletionRefused(request, rest, knobs); refusal != nil {
		return nil, refusal
	}
	if way.upstream, err = p.upstreams.open(ctx, way.connector); err != nil {
		return nil, err
	}
	if scopes == nil {
		way.authorization = request.Header.Get("Authorization")
		return way, nil
	}
	noteOf(ctx).Injected = true
	way.authorization, err = way.upstream.authorization(ctx, scopes)
	return way, err
}

// ping answers GET /v2/, which names no connector: a challenge for whoever shows nothing.
func (p *Proxy) ping(request *http.Request) error {
	ctx, header := request.Context(), request.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "Bearer") && p.panel.get().Bearer == "upstream" {
		return nil
	}
	if session := p.sessions.find(value); strings.EqualFold(scheme, "Bearer") && session != nil {
		noteOf(ctx).by(session.identity)
		return nil
	}
	if token, found := p.shown(header); found {
		identity, err := p.identify(ctx, token)
		if err != nil {
			return err
		}
		noteOf(ctx).by(identity)
		return nil
	}
	return refuse(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
}

// shown is a service account's token that is accepted without the token endpoint.
func (p *Proxy) shown(header string) (token string, found bool) {
	knobs := p.panel.get()
	if _, password, isBasic := basicOf(header); isBasic {
		return password, knobs.Basic
	}
	scheme, value, _ := strings.Cut(header, " ")
	return value, strings.EqualFold(scheme, "Bearer") && knobs.ServiceAccountBearer
}

// rights says for which scopes of the upstream a request may be sent; none when the client's own token is to be sent.
func (p *Proxy) rights(request *http.Request, way *passage) ([]Scope, error) {
	ctx, knobs, header := request.Context(), p.panel.get(), request.Header.Get("Authorization")
	actions := neededActions(request.Method)
	scheme, value, _ := strings.Cut(header, " ")
	isBearer := strings.EqualFold(scheme, "Bearer")
	if session := p.sessions.find(value); isBearer && session != nil {
		noteOf(ctx).by(session.identity)
		if !covers(session.scopes, way.asked, actions[len(actions)-1]) {
			return nil, p.challenged(request, way, "insufficient_scope")
		}
		if knobs.CheckEachRequest {
			if err := p.checkAgain(ctx, session.token, way.name); errors.Is(err, errNobody) {
				return nil, p.challenged(request, way, "invalid_token")
			} else if err != nil {
				return nil, err
			}
		}
		return upstreamScopes(session.scopes, way), nil
	}
	if token, found := p.shown(header); found {
		identity, err := p.identify(ctx, token)
		if errors.Is(err, errNobody) {
			return nil, p.challenged(request, way, "invalid_token")
		}
		if err != nil {
			return nil, err
		}
		noteOf(ctx).by(identity)
		if err := p.authorize(ctx, identity, way.name); err != nil {
			return nil, err
		}
		scopes := []Scope{{way.repository, actions}}
		if from, found := mountedFrom(request, way); found {
			scopes = append(scopes, Scope{from, []string{"pull"}})
		}
		return scopes, nil
	}
	if isBearer && knobs.Bearer == "upstream" {
		return nil, nil
	}
	reason := ""
	if header != "" {
		reason = "invalid_token"
	}
	return nil, p.challenged(request, way, reason)
}

func (p *Proxy) checkAgain(ctx context.Context, token string, name NamespacedName) error {
	identity, err := p.identify(ctx, token)
	if err != nil {
		return err
	}
	return p.authorize(ctx, identity, name)
}

// challenged sends a client to the token endpoint for what it asked.
func (p *Proxy) challenged(request *http.Request, way *passage, reason string) *Refusal {
	refusal := refuse(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	if reason != "" {
		refusal.message = "authentication required: " + reason
	}
	repository := way.asked
	if p.panel.get().ChallengeScope == "upstream" {
		repository = way.repository
	}
	scope := Scope{repository, neededActions(request.Method)}
	refusal.challenge = challengeFor(request, scope.String(), reason)
	return refusal
}

// upstreamScopes are a session's scopes for one connector, as its upstream names them.
func upstreamScopes(scopes []Scope, way *passage) []Scope {
	var result []Scope
	for _, scope := range scopes {
		if name, repository, found := way.address.resolve(scope.Repository); found && name == way.name {
			result = append(result, Scope{repository, scope.Actions})
		}
	}
	return result
}

// mountedFrom is the repository that a blob is to be mounted from, as the upstream names it.
func mountedFrom(request *http.Request, way *passage) (repository string, found bool) {
	from := request.URL.Query().Get("from")
	if from == "" {
		return "", false
	}
	name, repository, found := way.address.resolve(from)
	return repository, found && name == way.name
}

// deletionRefused is the refusal that a knob wants for a deletion.
func deletionRefused(request *http.Request, rest string, knobs Knobs) *Refusal {
	reference, isManifest := strings.CutPrefix(rest, "manifests/")
	if request.Method != http.MethodDelete || !isManifest {
		return nil
	}
	status := knobs.DeleteTag
	if strings.Contains(reference, ":") {
		status = knobs.DeleteDigest
	}
	codes := map[int]string{
		400: "DIGEST_INVALID", 401: "UNAUTHORIZED", 403: "DENIED", 404: "MANIFEST_UNKNOWN", 405: "UNSUPPORTED",
	}
	if code, found := codes[status]; found {
		return refuse(status, code, "deletion is refused by the proxy's knob")
	}
	return nil
}

// pass sends a request to the upstream and its answer back; of both only names are changed.
func (p *Proxy) pass(response http.ResponseWriter, request *http.Request, way *passage) {
	// httputil asks for it: the upstream's header is added to what is there.
	response.Header().Del("Docker-Distribution-Api-Version")
	proxy := httputil.ReverseProxy{
		Transport: way.upstream.transport,
		Rewrite: func(outgoing *httputil.ProxyRequest) {
			base := way.upstream.address
			target := *base
			target.Path = strings.TrimSuffix(base.Path, "/") + "/v2/" + way.repository + "/" + way.rest
			target.RawQuery = upstreamQuery(outgoing.In, way)
			outgoing.Out.URL = &target
			outgoing.Out.Host = base.Host
			outgoing.Out.Header.Del("Authorization")
			if way.authorization != "" {
				outgoing.Out.Header.Set("Authorization", way.authorization)
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			p.rename(answer, request, way)
			return nil
		},
		ErrorHandler: func(response http.ResponseWriter, request *http.Request, err error) {
			refuse(http.StatusBadGateway, "UNAVAILABLE", "%s: %s", way.upstream.address.Host, err).answer(response, request)
		},
	}
	proxy.ServeHTTP(response, request)
}

// upstreamQuery names the source of a mount as the upstream does. Of another connector nothing can be mounted: without
// the parameters it becomes an ordinary upload.
func upstreamQuery(request *http.Request, way *passage) string {
	query := request.URL.Query()
	if !query.Has("from") {
		return request.URL.RawQuery
	}
	from, found := mountedFrom(request, way)
	if found {
		query.Set("from", from)
	} else {
		query.Del("from")
		query.Del("mount")
	}
	return query.Encode()
}

// rename changes the upstream's names in an answer to those of clients.
func (p *Proxy) rename(answer *http.Response, request *http.Request, way *passage) {
	knobs := p.panel.get()
	if answer.StatusCode == http.StatusUnauthorized {
		answer.Header.Set("WWW-Authenticate", p.challenged(request, way, "insufficient_scope").challenge)
	}
	if location := answer.Header.Get("Location"); location != "" && knobs.Location != "unrewritten" {
		if renamed, found := way.clientPath(location); found {
			if knobs.Location == "absolute" {
				renamed = schemeOf(request) + "://" + request.Host + renamed
			}
			answer.Header.Set("Location", renamed)
		}
	}
	if link := answer.Header.Get("Link"); strings.HasPrefix(link, "<") {
		target, parameters, _ := strings.Cut(link[1:], ">")
		if renamed, found := way.clientPath(target); found {
			answer.Header.Set("Link", "<"+renamed+">"+parameters)
		}
	}
}

// clientPath puts the prefix into a path of the upstream's registry; a place elsewhere is left as it is.
func (w *passage) clientPath(target string) (string, bool) {
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host != "" && !strings.EqualFold(parsed.Host, w.upstream.address.Host) {
		return "", false
	}
	rest, found := strings.CutPrefix(parsed.EscapedPath(), strings.TrimSuffix(w.upstream.address.Path, "/")+"/v2/")
	if !found {
		return "", false
	}
	renamed := "/v2/" + w.address.prefix(w.name) + rest
	if parsed.RawQuery != "" {
		renamed += "?" + parsed.RawQuery
	}
	return renamed, true
}
