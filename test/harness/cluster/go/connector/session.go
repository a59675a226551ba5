package main

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"
)

// Session is what stands behind a bearer that the proxy issued.
type Session struct {
	identity *Identity
	// token is the service account's, to look again whether it is still good.
	token string
	// scopes are in the names of clients; a session is only for connectors that its owner may get.
	scopes []Scope
	until  time.Time
}

// Sessions are the bearers of a proxy. They end with it: clients fetch new ones then.
type Sessions struct {
	mutex    sync.Mutex
	sessions map[string]*Session
}

func (s *Sessions) open(session *Session) (string, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	bearer := base64.RawURLEncoding.EncodeToString(random)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.sessions == nil {
		s.sessions = map[string]*Session{}
	}
	for key, old := range s.sessions {
		if time.Now().After(old.until) {
			delete(s.sessions, key)
		}
	}
	s.sessions[bearer] = session
	return bearer, nil
}

func (s *Sessions) find(bearer string) *Session {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	session := s.sessions[bearer]
	if session == nil || time.Now().After(session.until) {
		return nil
	}
	return session
}
