package main

import (
	"fmt"
	"sync"
)

// Knobs choose where the documentation is silent or contradicts itself, and what goes wrong. The zero of a number that
// is a status means: as the upstream answers.
type Knobs struct {
	// Resolver says what selects the connector: "path" (since 1.1) or "host" (1.0).
	Resolver string `json:"resolver"`
	// Bearer says whose token the token endpoint gives: "own" or, as the vendor's first design, "upstream".
	Bearer string `json:"bearer"`
	// BearerSeconds is how long an own bearer lives.
	BearerSeconds int `json:"bearerSeconds"`
	// TokenLifeSeconds ends a service account's token so long after it was issued; 0: as it says itself.
	TokenLifeSeconds int `json:"tokenLifeSeconds"`
	// CheckEachRequest repeats TokenReview and SubjectAccessReview for each request.
	CheckEachRequest bool `json:"checkEachRequest"`
	// Basic accepts a service account's token in Basic authorization everywhere, not at the token endpoint alone.
	Basic bool `json:"basic"`
	// ServiceAccountBearer accepts it as a bearer everywhere.
	ServiceAccountBearer bool `json:"serviceAccountBearer"`
	// ProxyPermission demands the verb * on connectors/proxy too.
	ProxyPermission bool `json:"proxyPermission"`
	// TokenPost answers POST to the token endpoint: 405, 404, or 200 to take a password grant.
	TokenPost int `json:"tokenPost"`
	// Forbidden answers a service account that may not get the connector: 403 or 401.
	Forbidden int `json:"forbidden"`
	// UnknownConnector answers for a connector that is not there: 404, 400, 401 or 403.
	UnknownConnector int `json:"unknownConnector"`
	// ChallengeScope is the repository in a challenge: "prefixed" or "upstream".
	ChallengeScope string `json:"challengeScope"`
	// Location of an upload: "relative", "absolute" or "unrewritten".
	Location string `json:"location"`
	// DeleteDigest answers a deletion by digest: 0, 401, 403, 404 or 405.
	DeleteDigest int `json:"deleteDigest"`
	// DeleteTag answers a deletion by tag: 0, 400 or 405.
	DeleteTag int `json:"deleteTag"`
	// Catalog answers GET /v2/_catalog: 404 or 401.
	Catalog int `json:"catalog"`
	// OtherHosts says what the forward proxy does for hosts that are not the connector's: "tunnel", "resign" or "refuse".
	OtherHosts string `json:"otherHosts"`
}

func defaultKnobs() Knobs {
	return Knobs{
		Resolver: "path", Bearer: "own", BearerSeconds: 300, Basic: true, TokenPost: 405, Forbidden: 403,
		UnknownConnector: 404, ChallengeScope: "prefixed", Location: "relative", Catalog: 404, OtherHosts: "tunnel",
	}
}

func (k Knobs) check() error {
	words := []struct {
		name, value string
		allowed     []string
	}{
		{"resolver", k.Resolver, []string{"path", "host"}},
		{"bearer", k.Bearer, []string{"own", "upstream"}},
		{"challengeScope", k.ChallengeScope, []string{"prefixed", "upstream"}},
		{"location", k.Location, []string{"relative", "absolute", "unrewritten"}},
		{"otherHosts", k.OtherHosts, []string{"tunnel", "resign", "refuse"}},
	}
	for _, word := range words {
		if !contains(word.allowed, word.value) {
			return fmt.Errorf("%s is one of %v, not %q", word.name, word.allowed, word.value)
		}
	}
	statuses := []struct {
		name    string
		value   int
		allowed []int
	}{
		{"tokenPost", k.TokenPost, []int{200, 404, 405}},
		{"forbidden", k.Forbidden, []int{401, 403}},
		{"unknownConnector", k.UnknownConnector, []int{400, 401, 403, 404}},
		{"deleteDigest", k.DeleteDigest, []int{0, 401, 403, 404, 405}},
		{"deleteTag", k.DeleteTag, []int{0, 400, 405}},
		{"catalog", k.Catalog, []int{401, 404}},
	}
	for _, status := range statuses {
		if !contains(status.allowed, status.value) {
			return fmt.Errorf("%s is one of %v, not %d", status.name, status.allowed, status.value)
		}
	}
	return nil
}

func contains[T comparable](list []T, value T) bool {
	for _, item := range list {
		if item == value {
			return true
		}
	}
	return false
}

// Panel holds the knobs of a running proxy.
type Panel struct {
	mutex sync.RWMutex
	knobs Knobs
}

func (p *Panel) get() Knobs {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	return p.knobs
}

// change sets those knobs that the JSON names and leaves the others.
func (p *Panel) change(encoded []byte) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	knobs := p.knobs
	if err := strictJSON(encoded, &knobs); err != nil {
		return err
	}
	if err := knobs.check(); err != nil {
		return err
	}
	p.knobs = knobs
	return nil
}

// reset sets all knobs as they were at the start.
func (p *Panel) reset(knobs Knobs) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.knobs = knobs
}
