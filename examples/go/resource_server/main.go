// A resource server: an API that takes access tokens of Keyledger's, as RFC 9068 says, and answers as RFC 6750 does.
//
//	ISSUER=https://accounts.example AUDIENCE=https://orders.example PORT=8003 go run ./resource_server
//
// GET /orders is for every application that may ask for AUDIENCE, GET /invoices for those whose user let them see the
// e-mail address.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v3"
)

var issuer, audience = os.Getenv("ISSUER"), os.Getenv("AUDIENCE")

type claims struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	TokenID  string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Scope    string `json:"scope"`
}

// To whoever has no token only that one is needed (RFC 6750 section 3.1).
func refuse(w http.ResponseWriter, status int, code, more string) {
	challenge := fmt.Sprintf("Bearer realm=%q", audience)
	if code != "" {
		challenge += fmt.Sprintf(", error=%q", code)
	}
	w.Header().Set("WWW-Authenticate", challenge+more)
	answer(w, status, map[string]any{"error": code})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // to whoever went away meanwhile
}

// No ID token, and no other JWT that Keyledger signs.
func isAccessToken(raw string) bool {
	signed, err := jose.ParseSigned(raw)
	if err != nil || len(signed.Signatures) != 1 {
		return false
	}
	kind, _ := signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	return strings.TrimPrefix(strings.ToLower(kind), "application/") == "at+jwt"
}

func protected(verifier *oidc.IDTokenVerifier, scope string, next func(http.ResponseWriter, claims)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			refuse(w, http.StatusUnauthorized, "", "")
			return
		}
		scheme, raw, _ := strings.Cut(header, " ")
		raw = strings.TrimLeft(raw, " ")
		var of claims
		if !strings.EqualFold(scheme, "Bearer") || !isAccessToken(raw) {
			refuse(w, http.StatusUnauthorized, "invalid_token", "")
		} else if token, err := verifier.Verify(r.Context(), raw); err != nil || token.Claims(&of) != nil ||
			of.Subject == "" || of.ClientID == "" || of.TokenID == "" || of.IssuedAt == 0 {
			refuse(w, http.StatusUnauthorized, "invalid_token", "")
		} else if scope != "" && !strings.Contains(" "+of.Scope+" ", " "+scope+" ") {
			refuse(w, http.StatusForbidden, "insufficient_scope", fmt.Sprintf(", scope=%q", scope))
		} else {
			next(w, of)
		}
	}
}

func main() {
	client := &http.Client{Timeout: 5 * time.Second}
	provider, err := oidc.NewProvider(oidc.ClientContext(context.Background(), client), issuer)
	if err != nil {
		log.Fatal(err)
	}
	// Issuer, audience, times, and signature by keys that it reads when it meets a new one.
	verifier := provider.Verifier(&oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.ES256, oidc.RS256}})
	http.HandleFunc("/orders", protected(verifier, "", func(w http.ResponseWriter, of claims) {
		answer(w, http.StatusOK, map[string]any{"orders": []string{"a violin"}, "of": of.Subject, "asked_by": of.ClientID})
	}))
	http.HandleFunc("/invoices", protected(verifier, "email", func(w http.ResponseWriter, of claims) {
		answer(w, http.StatusOK, map[string]any{"invoices": []string{}, "of": of.Subject})
	}))
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
