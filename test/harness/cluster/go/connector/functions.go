package main

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"text/template"
)

// templateFunctions are those of sprig that configurations of connectors are seen to use, by the same names.
var templateFunctions = template.FuncMap{
	"b64enc": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"b64dec": func(text string) (string, error) {
		decoded, err := base64.StdEncoding.DecodeString(text)
		return string(decoded), err
	},
	"default": func(otherwise, value any) any {
		if value == nil || value == "" {
			return otherwise
		}
		return value
	},
	"join":       func(separator string, list []string) string { return strings.Join(list, separator) },
	"lower":      strings.ToLower,
	"quote":      func(value any) (string, error) { encoded, err := json.Marshal(value); return string(encoded), err },
	"replace":    func(old, new, text string) string { return strings.ReplaceAll(text, old, new) },
	"splitList":  func(separator, text string) []string { return strings.Split(text, separator) },
	"toJson":     func(value any) (string, error) { encoded, err := json.Marshal(value); return string(encoded), err },
	"trim":       strings.TrimSpace,
	"trimPrefix": func(prefix, text string) string { return strings.TrimPrefix(text, prefix) },
	"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
	"urlParse": func(text string) (map[string]string, error) {
		parsed, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		return map[string]string{
			"scheme": parsed.Scheme, "host": parsed.Host, "hostname": parsed.Hostname(), "port": parsed.Port(),
			"path": parsed.Path,
		}, nil
	},
}
