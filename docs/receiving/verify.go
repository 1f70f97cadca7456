package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// VerifyBody checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex.
func VerifyBody(secret, signature string, rawBody []byte) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	return err == nil && hmac.Equal(given, mac([]byte(secret), rawBody))
}

// VerifyStandard checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being
// sent again.
func VerifyStandard(secret, id, timestamp, signatures string, rawBody []byte) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	key := []byte(secret)
	if encoded, found := strings.CutPrefix(secret, "whsec_"); found {
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return false
		}
	}
	expected := "v1," + base64.StdEncoding.EncodeToString(mac(key, []byte(id+"."+timestamp+"."), rawBody))
	// Several during a change of secret, separated by spaces: one must fit.
	for _, each := range strings.Split(signatures, " ") {
		if hmac.Equal([]byte(each), []byte(expected)) {
			return true
		}
	}
	return false
}

// Try it: WEBHOOK_SECRET=… go run verify.go <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	rawBody, _ := io.ReadAll(os.Stdin)
	verified := VerifyStandard(secret, os.Args[1], os.Args[2], os.Args[3], rawBody)
	if len(os.Args) > 4 {
		verified = verified && VerifyBody(secret, os.Args[4], rawBody)
	}
	if !verified {
		fmt.Println("refused")
		os.Exit(1)
	}
	fmt.Println("verified")
}
