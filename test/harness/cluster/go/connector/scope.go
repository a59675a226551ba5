package main

import (
	"net/http"
	"sort"
	"strings"
)

// Scope is what a token is for: actions on a repository.
type Scope struct {
	Repository string
	Actions    []string
}

func (s Scope) String() string {
	return "repository:" + s.Repository + ":" + strings.Join(s.Actions, ",")
}

// parseScopes reads the scopes of a token request: several parameters, or several words in one. Those that are not for
// repositories say nothing to a connector.
func parseScopes(values []string) []Scope {
	var scopes []Scope
	for _, word := range strings.Fields(strings.Join(values, " ")) {
		rest, found := strings.CutPrefix(word, "repository:")
		last := strings.LastIndex(rest, ":")
		if found && last > 0 {
			scopes = append(scopes, Scope{rest[:last], strings.Split(rest[last+1:], ",")})
		}
	}
	return scopes
}

// join adds a scope to others; actions on the same repository become one scope.
func join(scopes []Scope, added Scope) []Scope {
	for index, scope := range scopes {
		if scope.Repository != added.Repository {
			continue
		}
		actions := append([]string{}, scope.Actions...)
		for _, action := range added.Actions {
			if !contains(actions, action) {
				actions = append(actions, action)
			}
		}
		sort.Strings(actions)
		scopes[index].Actions = actions
		return scopes
	}
	return append(scopes, added)
}

// covers says whether the scopes allow an action on a repository.
func covers(scopes []Scope, repository, action string) bool {
	for _, scope := range scopes {
		if scope.Repository == repository && (contains(scope.Actions, action) || contains(scope.Actions, "*")) {
			return true
		}
	}
	return false
}

// neededActions are those that registries want for a request; the last one is what the request itself does.
func neededActions(method string) []string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return []string{"pull"}
	case http.MethodDelete:
		return []string{"pull", "push", "delete"}
	default:
		return []string{"pull", "push"}
	}
}
