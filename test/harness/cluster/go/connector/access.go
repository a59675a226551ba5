package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// errNobody is the answer to a token that is none, has ended or was taken back.
var errNobody = errors.New("the token is not valid")

// Identity is who stands behind a service account's token.
type Identity struct {
	Username string              `json:"username"`
	UID      string              `json:"uid,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Extra    map[string][]string `json:"extra,omitempty"`
	// Until is the end of the token.
	Until time.Time `json:"-"`
}

// who is the identity as the request log has it: `namespace/name` of a service account.
func (i *Identity) who() string {
	if i == nil {
		return ""
	}
	return strings.Replace(strings.TrimPrefix(i.Username, "system:serviceaccount:"), ":", "/", 1)
}

// identify asks the API server whose token it is. The audience is the API server's own, as of `kubectl create token`.
//
// life ends the token so long after it was issued, if that is before its own end: the API server issues none for less
// than ten minutes.
func (k *Kube) identify(ctx context.Context, token string, life time.Duration) (*Identity, error) {
	if token == "" {
		return nil, errNobody
	}
	review := map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenReview",
		"spec":       map[string]any{"token": token},
	}
	var answer struct {
		Status struct {
			Authenticated bool
			User          Identity
		}
	}
	if err := k.create(ctx, "/apis/authentication.k8s.io/v1/tokenreviews", review, &answer); err != nil {
		return nil, err
	}
	if !answer.Status.Authenticated {
		return nil, errNobody
	}
	identity := answer.Status.User
	issued, until := timesOf(token)
	if life > 0 && issued.Add(life).Before(until) {
		until = issued.Add(life)
	}
	if time.Now().After(until) {
		return nil, errNobody
	}
	identity.Until = until
	return &identity, nil
}

// timesOf reads when a token was issued and when it ends; one that does not say it ends in a day.
func timesOf(token string) (issued, until time.Time) {
	issued, until = time.Now(), time.Now().Add(24*time.Hour)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return issued, until
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return issued, until
	}
	var claims struct{ Iat, Exp int64 }
	if json.Unmarshal(payload, &claims) == nil && claims.Exp > 0 {
		issued, until = time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0)
	}
	return issued, until
}

// mayUse asks the API server whether someone may get a connector and, when that is asked for too, use its proxy.
func (k *Kube) mayUse(ctx context.Context, identity *Identity, name NamespacedName, proxy bool) (bool, error) {
	allowed, err := k.allowed(ctx, identity, name, "get", "")
	if err != nil || !allowed || !proxy {
		return allowed, err
	}
	return k.allowed(ctx, identity, name, "*", "proxy")
}

func (k *Kube) allowed(ctx context.Context, who *Identity, name NamespacedName, verb, subresource string) (bool, error) {
	review := map[string]any{
		"apiVersion": "authorization.k8s.io/v1",
		"kind":       "SubjectAccessReview",
		"spec": map[string]any{
			"user": who.Username, "uid": who.UID, "groups": who.Groups, "extra": who.Extra,
			"resourceAttributes": map[string]any{
				"group": "connectors.alauda.io", "resource": "connectors", "subresource": subresource,
				"verb": verb, "namespace": name.Namespace, "name": name.Name,
			},
		},
	}
	var answer struct{ Status struct{ Allowed bool } }
	err := k.create(ctx, "/apis/authorization.k8s.io/v1/subjectaccessreviews", review, &answer)
	return answer.Status.Allowed, err
}
