package main

import (
	"errors"
	"net/http"
	"time"
)

// serveToken is the token endpoint: Basic with any user and a service account's token gives a bearer for the scopes.
func (p *Proxy) serveToken(response http.ResponseWriter, request *http.Request) {
	answer, err := p.giveToken(request)
	if err != nil {
		refusalOf(err).answer(response, request)
		return
	}
	answerJSON(response, http.StatusOK, answer)
}

func (p *Proxy) giveToken(request *http.Request) (*TokenAnswer, error) {
	ctx, knobs := request.Context(), p.panel.get()
	var token string
	var asked []Scope
	switch {
	case request.Method == http.MethodGet:
		_, token, _ = basicOf(request.Header.Get("Authorization"))
		asked = parseScopes(request.URL.Query()["scope"])
	case request.Method == http.MethodPost && knobs.TokenPost == http.StatusOK:
		if err := request.ParseForm(); err != nil {
			return nil, refuse(http.StatusBadRequest, "UNSUPPORTED", "the form cannot be read")
		}
		if request.PostForm.Get("grant_type") != "password" {
			return nil, refuse(http.StatusBadRequest, "UNSUPPORTED", "only the password grant is known")
		}
		token, asked = request.PostForm.Get("password"), parseScopes(request.PostForm["scope"])
	case knobs.TokenPost == http.StatusNotFound:
		return nil, refuse(http.StatusNotFound, "UNSUPPORTED", "%s is not known here", request.Method)
	default:
		return nil, refuse(http.StatusMethodNotAllowed, "UNSUPPORTED", "%s is not known here", request.Method)
	}
	identity, err := p.identify(ctx, token)
	if errors.Is(err, errNobody) {
		return nil, refuse(http.StatusUnauthorized, "UNAUTHORIZED", "the password is no valid token of a service account")
	}
	if err != nil {
		return nil, err
	}
	line := noteOf(ctx)
	line.by(identity)
	address := Address{knobs.Resolver, request.Host}
	var scopes, upstreamScopes []Scope
	var connector *Connector
	for _, scope := range asked {
		name, repository, found := address.resolve(scope.Repository)
		if !found {
			continue
		}
		line.to(name)
		if connector, err = p.connector(ctx, name); err != nil {
			return nil, err
		}
		if err := p.authorize(ctx, identity, name); err != nil {
			return nil, err
		}
		scopes = join(scopes, scope)
		upstreamScopes = join(upstreamScopes, Scope{repository, scope.Actions})
	}
	if len(asked) > 0 && len(scopes) == 0 {
		return nil, p.unknown("no connector has the repository %s", asked[0].Repository)
	}
	if knobs.Bearer == "upstream" && connector != nil {
		return p.upstreamToken(request, connector, upstreamScopes)
	}
	return p.ownToken(&Session{identity: identity, token: token, scopes: scopes})
}

// ownToken gives a bearer of the proxy, which ends no later than the service account's token.
func (p *Proxy) ownToken(session *Session) (*TokenAnswer, error) {
	now := time.Now()
	session.until = now.Add(time.Duration(p.panel.get().BearerSeconds) * time.Second)
	if session.identity.Until.Before(session.until) {
		session.until = session.identity.Until
	}
	bearer, err := p.sessions.open(session)
	if err != nil {
		return nil, err
	}
	return &TokenAnswer{
		Token:       bearer,
		AccessToken: bearer,
		ExpiresIn:   max(1, int(session.until.Sub(now).Seconds())),
		IssuedAt:    now.UTC().Format(time.RFC3339),
	}, nil
}

// upstreamToken gives what the upstream's token service gave for the same scopes without their prefix.
func (p *Proxy) upstreamToken(request *http.Request, connector *Connector, scopes []Scope) (*TokenAnswer, error) {
	ctx := request.Context()
	upstream, err := p.upstreams.open(ctx, connector)
	if err != nil {
		return nil, err
	}
	ping, err := upstream.get(ctx, upstream.address.JoinPath("/v2/").String(), false)
	if err != nil {
		return nil, err
	}
	_ = ping.Body.Close()
	scheme, parameters := parseChallenge(ping.Header.Get("WWW-Authenticate"))
	if scheme != "bearer" {
		return nil, refuse(http.StatusBadGateway, "UNAVAILABLE", "%s has no token service", upstream.address.Host)
	}
	noteOf(ctx).Injected = true
	answer, err := upstream.token(ctx, parameters, scopes)
	if err != nil {
		return nil, err
	}
	answer.AccessToken = answer.Token
	return answer, nil
}
