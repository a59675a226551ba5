package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Refusal is an answer of the proxy itself.
type Refusal struct {
	status    int
	code      string
	message   string
	challenge string
}

func (r *Refusal) Error() string { return r.message }

func refuse(status int, code, format string, values ...any) *Refusal {
	return &Refusal{status: status, code: code, message: fmt.Sprintf(format, values...)}
}

// answer writes a refusal as the distribution specification wants errors.
func (r *Refusal) answer(response http.ResponseWriter, request *http.Request) {
	noteOf(request.Context()).Problem = &r.message
	if r.challenge != "" {
		response.Header().Set("WWW-Authenticate", r.challenge)
	}
	response.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	body := map[string]any{"errors": []map[string]string{{"code": r.code, "message": r.message}}}
	answerJSON(response, r.status, body)
}

func answerJSON(response http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_, _ = response.Write(encoded)
}

// strictJSON reads JSON that names nothing unknown.
func strictJSON(encoded []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
