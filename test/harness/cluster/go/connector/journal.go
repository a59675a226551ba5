package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// journalSize bounds the request log; the oldest lines go.
const journalSize = 5000

// Line is one request. A token is never in it: of an Authorization header it has the scheme alone.
type Line struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	Path   string `json:"path"`
	// Via is "reverse", "token" or "forward".
	Via string `json:"via"`
	// Authorization is the scheme of the header that counts there, or null.
	Authorization *string `json:"authorization"`
	// Who is `namespace/name` of the service account, or null when nobody was recognised.
	Who *string `json:"who"`
	// Connector is `namespace/name`, or null.
	Connector *string `json:"connector"`
	Status    int     `json:"status"`
	// Injected says that the upstream's credential was used for it.
	Injected bool `json:"injected"`
	// Problem is what the proxy said, when it was the proxy that refused.
	Problem *string `json:"problem"`
}

// Journal is the request log.
type Journal struct {
	mutex sync.Mutex
	lines []Line
}

func (j *Journal) add(line Line) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if len(j.lines) >= journalSize {
		j.lines = j.lines[1:]
	}
	j.lines = append(j.lines, line)
}

func (j *Journal) all() []Line {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]Line{}, j.lines...)
}

func (j *Journal) forget() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.lines = nil
}

type noteKey struct{}

// noteOf is the line of a request under way.
func noteOf(ctx context.Context) *Line {
	if line, ok := ctx.Value(noteKey{}).(*Line); ok {
		return line
	}
	return &Line{}
}

func (l *Line) by(identity *Identity) {
	who := identity.who()
	l.Who = &who
}

func (l *Line) to(connector NamespacedName) {
	name := connector.String()
	l.Connector = &name
}

// noted writes down each request with its answer, when the answer has ended.
func (j *Journal) noted(via string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		header := request.Header.Get("Authorization")
		if via == "forward" && request.TLS == nil {
			header = request.Header.Get("Proxy-Authorization")
		}
		line := &Line{Method: request.Method, Host: request.Host, Path: request.URL.RequestURI(), Via: via}
		if scheme, _, _ := strings.Cut(header, " "); scheme != "" {
			line.Authorization = &scheme
		}
		watched := &statusWriter{ResponseWriter: response}
		// Also when the copying of an answer is given up by a panic, as net/http wants it.
		defer func() {
			line.Status = watched.status
			j.add(*line)
		}()
		handler.ServeHTTP(watched, request.WithContext(context.WithValue(request.Context(), noteKey{}, line)))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status < 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(content []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(content)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
