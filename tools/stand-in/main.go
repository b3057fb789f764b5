// stand-in takes the place of a program that the lab cannot build: it says that it is well, and does nothing else.
//
//	stand-in [--http ADDRESS]... [--https ADDRESS]...
//
// Every path is answered 200 with one line that says what answers, so that nobody takes it for the program itself. HTTPS presents
// a certificate made at the start. Without an address it only waits. Arguments that it does not know are those of the program
// whose place it takes: they are shown and not used.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const version = "v1.0.0"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("stand-in", version)
		return
	}
	name := os.Getenv("STAND_IN_FOR")
	words := fmt.Sprintf("infra-kit's stand-in for %s: it is well and does nothing\n", name)
	fmt.Print(words)
	handler := http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, words) })
	var servers []*http.Server
	failed := make(chan error, 1)
	for index := 1; index < len(os.Args); index++ {
		option := os.Args[index]
		if (option != "--http" && option != "--https") || index+1 == len(os.Args) {
			fmt.Println("not used:", option)
			continue
		}
		index++
		server := &http.Server{Addr: os.Args[index], Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, server)
		if option == "--https" {
			server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS12}
			go func() { failed <- server.ListenAndServeTLS("", "") }()
		} else {
			go func() { failed <- server.ListenAndServe() }()
		}
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	select {
	case <-told:
	case err := <-failed:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	limit, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for _, server := range servers {
		server.Shutdown(limit)
	}
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "infra-kit stand-in"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
