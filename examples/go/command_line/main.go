// A command line tool that its user logs in with, wherever it runs: on a server behind ssh, in a container, on a machine
// without a browser. It shows a code, which its user enters in a browser of theirs, and asks meanwhile whether they did
// (RFC 8628). Where it runs beside the browser, ./loopback needs no code to be typed.
//
//	go run ./command_line -issuer https://accounts.example -client ... [-audience https://orders.example -call URL]
//
// Registered with application_type "native", authentication "none" and the grant types "device_code" and
// "refresh_token". With -call it calls a resource server for its user; at the end it gives its tokens back.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
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
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams // which names it; there is no secret
	config := oauth2.Config{ClientID: *client, Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID, "email"}}

	var options []oauth2.AuthCodeOption
	if *audience != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", *audience))
	}
	device := must(config.DeviceAuth(ctx, options...))
	// The code is shown beside the address that has it, for its user has to see that it is the same.
	fmt.Printf("Open %s in a browser and enter %s, or open this:\n%s\n", device.VerificationURI, device.UserCode,
		device.VerificationURIComplete)
	tokens := must(config.DeviceAccessToken(ctx, device)) // asks every few seconds, until the code has expired
	raw, _ := tokens.Extra("id_token").(string)
	who := must(provider.Verifier(&oidc.Config{ClientID: *client}).Verify(ctx, raw))
	fmt.Printf("Logged in as %s\n", who.Subject)
	if *call != "" {
		answer := must(config.Client(ctx, tokens).Get(*call)) // which refreshes the access token when it is old
		must(io.Copy(os.Stdout, answer.Body))
	}
	must(http.PostForm(also.Revocation, url.Values{"client_id": {*client}, "token": {tokens.RefreshToken}}))
}
