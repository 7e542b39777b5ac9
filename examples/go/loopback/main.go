// A tool on the machine of its user, who logs in with it: it opens a port on the loopback interface, sends them to their
// browser, and is given the code there (RFC 8252), with PKCE and without a secret.
//
//	go run ./loopback -issuer https://accounts.example -client ... [-audience https://orders.example -call URL]
//
// Registered with application_type "native", authentication "none" and the redirect URI http://127.0.0.1/callback, of
// which the port is free. With -call it calls a resource server for its user; at the end it gives its tokens back.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// The parameters with which the browser comes back. Whatever doesn't have our state did not come from there.
func comesBack(listener net.Listener, state, issuer string) (url.Values, error) {
	came := make(chan url.Values, 1)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.URL.Path != "/callback" || query.Get("state") != state || query.Get("iss") != issuer {
			http.Error(w, "This log-in did not begin here.", http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, "Done. You can close this page.")
		select {
		case came <- query:
		default: // once is enough
		}
	})}
	go server.Serve(listener)
	select {
	case query := <-came:
		return query, server.Shutdown(context.Background()) // when the page is sent
	case <-time.After(5 * time.Minute):
		server.Close()
		return nil, errors.New("nobody came back from the browser")
	}
}

func main() {
	issuer, client := flag.String("issuer", "", "Keyledger's address"), flag.String("client", "", "client_id")
	audience, call := flag.String("audience", "", "whose tokens to ask for"), flag.String("call", "", "address to call")
	flag.Parse()
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: 10 * time.Second})
	provider := must(oidc.NewProvider(ctx, *issuer))
	var also struct {
		Revocation string `json:"revocation_endpoint"`
	}
	must(0, provider.Claims(&also))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams // which names it; there is no secret
	config := oauth2.Config{ClientID: *client, Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID, "email"},
		RedirectURL: fmt.Sprintf("http://%s/callback", listener.Addr())}

	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier() // random, all
	options := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if *audience != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", *audience))
	}
	fmt.Printf("Open this in your browser:\n%s\n", config.AuthCodeURL(state, options...))
	query := must(comesBack(listener, state, *issuer))
	if query.Has("error") {
		log.Fatalf("not logged in: %s", query.Get("error"))
	}
	tokens := must(config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(verifier)))
	raw, _ := tokens.Extra("id_token").(string)
	who := must(provider.Verifier(&oidc.Config{ClientID: *client}).Verify(ctx, raw))
	if who.Nonce != nonce {
		log.Fatal("the ID token is of another log-in")
	}
	fmt.Printf("Logged in as %s\n", who.Subject)
	if *call != "" {
		answer := must(config.Client(ctx, tokens).Get(*call)) // which refreshes the access token when it is old
		must(io.Copy(os.Stdout, answer.Body))
	}
	must(http.PostForm(also.Revocation, url.Values{"client_id": {*client}, "token": {tokens.RefreshToken}}))
}
