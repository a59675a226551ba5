package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// authorityName is the Secret of the authority that the forward proxy signs with; all proxies have the same.
const authorityName = "connectors-proxy-ca"

// Authority issues the certificates that the forward proxy shows in the place of servers.
type Authority struct {
	// PEM is its certificate, for clients.
	PEM         []byte
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	mutex       sync.Mutex
	issued      map[string]*tls.Certificate
}

// loadAuthority reads the authority, or makes it when nobody has yet.
func loadAuthority(ctx context.Context, kube *Kube) (*Authority, error) {
	name := NamespacedName{setting("NAMESPACE", "connectors-system"), authorityName}
	for range 5 {
		secret, err := kube.secret(ctx, name)
		if err == nil {
			return parseAuthority(secret.Data["ca.crt"], secret.Data["ca.key"])
		}
		if !isNotFound(err) {
			return nil, err
		}
		certificate, key, err := newAuthority()
		if err != nil {
			return nil, err
		}
		made := map[string]any{
			"apiVersion": "v1", "kind": "Secret",
			"metadata": map[string]any{"name": name.Name},
			"data": map[string]string{
				"ca.crt": base64.StdEncoding.EncodeToString(certificate),
				"ca.key": base64.StdEncoding.EncodeToString(key),
			},
		}
		err = kube.create(ctx, "/api/v1/namespaces/"+name.Namespace+"/secrets", made, nil)
		if err != nil && !hasStatus(err, http.StatusConflict) {
			return nil, err
		}
	}
	return nil, errors.New("the Secret of the authority comes and goes")
}

func newAuthority() (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "connectors forward proxy"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), nil
}

func parseAuthority(certificate, key []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("the Secret %s: %w", authorityName, err)
	}
	private, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the Secret %s has no ECDSA key", authorityName)
	}
	parsed, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	return &Authority{PEM: certificate, certificate: parsed, key: private, issued: map[string]*tls.Certificate{}}, nil
}

// issue makes a certificate for a host name or address, once.
func (a *Authority) issue(host string) (*tls.Certificate, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if certificate := a.issued[host]; certificate != nil {
		return certificate, nil
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: host},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(0, 1, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(host); address != nil {
		template.IPAddresses = []net.IP{address}
	} else {
		template.DNSNames = []string{host}
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(), a.key)
	if err != nil {
		return nil, err
	}
	certificate := &tls.Certificate{Certificate: [][]byte{signed, a.certificate.Raw}, PrivateKey: private}
	a.issued[host] = certificate
	return certificate, nil
}
