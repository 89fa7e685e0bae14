package sandbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	githubAppID          = 314159
	githubInstallationID = 27182818
	installationTokenFor = time.Hour
	longestJWT           = 10 * time.Minute
)

// A credential is whom a token stands for.
type credential struct {
	who     *Account
	viaApp  bool
	expires time.Time // of an installation token, by the app's clock
}

// AppID is the id of the GitHub App that the bot may act as.
func (g *GitHub) AppID() int64 { return githubAppID }

// InstallationID is the id of the app's installation in the repository.
func (g *GitHub) InstallationID() int64 { return githubInstallationID }

// WritePrivateKey writes the app's private key, made for this stand-in, into a file in dir and returns its path.
func (g *GitHub) WritePrivateKey(dir string) (string, error) {
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(g.appKey())}
	path := filepath.Join(dir, "github-app.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

// appKey makes the key when it is first needed, since that takes a while.
func (g *GitHub) appKey() *rsa.PrivateKey {
	g.keyOnce.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // only without a source of randomness
		}
		g.key = key
	})
	return g.key
}

// authenticate finds out who calls. Without a token that is nobody.
func (g *GitHub) authenticate(r *githubRequest) (githubAnswer, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	known := strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token")
	switch {
	case r.route != nil && r.route.kind == asApp:
		problem := g.checkJWT(token)
		if problem == "" && g.closed {
			problem = "Bad credentials"
		}
		if problem != "" {
			return refusal(http.StatusUnauthorized, problem, githubDocs), true
		}
		return githubAnswer{}, false
	case scheme == "":
		return githubAnswer{}, false
	}
	c, ok := g.tokens[token]
	expired := !c.expires.IsZero() && !g.appClock.Now().Before(c.expires)
	if !known || !ok || expired || g.closed {
		return refusal(http.StatusUnauthorized, "Bad credentials", githubDocs), true
	}
	r.who = actor{c.who, c.viaApp}
	return githubAnswer{}, false
}

// checkJWT returns what is wrong with the app's JWT, in GitHub's words.
func (g *GitHub) checkJWT(token string) string {
	const undecodable = "A JSON web token could not be decoded"
	signed, signature, _ := cutLast(token, ".")
	header, claims, ok := strings.Cut(signed, ".")
	if !ok {
		return undecodable
	}
	var head struct {
		Alg string `json:"alg"`
	}
	var claim struct {
		Issuer    any      `json:"iss"`
		IssuedAt  *float64 `json:"iat"`
		ExpiresAt *float64 `json:"exp"`
	}
	if !decodeSegment(header, &head) || !decodeSegment(claims, &claim) || head.Alg != "RS256" {
		return undecodable
	}
	sum := sha256.Sum256([]byte(signed))
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || rsa.VerifyPKCS1v15(&g.appKey().PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return undecodable
	}
	now := g.appClock.Now()
	switch {
	case !isAppID(claim.Issuer):
		return "'Issuer' claim ('iss') must be an Integer"
	case claim.IssuedAt == nil || unix(*claim.IssuedAt).After(now):
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	case claim.ExpiresAt == nil || !unix(*claim.ExpiresAt).After(now):
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case unix(*claim.ExpiresAt).After(now.Add(longestJWT)):
		return "'Expiration time' claim ('exp') is too far in the future"
	}
	return ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	n := strings.LastIndex(s, sep)
	if n < 0 {
		return s, "", false
	}
	return s[:n], s[n+len(sep):], true
}

func decodeSegment(s string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(b, v) == nil
}

func isAppID(issuer any) bool {
	switch id := issuer.(type) {
	case string:
		return id == strconv.Itoa(githubAppID)
	case float64:
		return id == githubAppID
	}
	return false
}

func unix(seconds float64) time.Time { return time.Unix(int64(seconds), 0) }

// createToken makes an installation token, which lives for an hour.
func (g *GitHub) createToken(r *githubRequest) githubAnswer {
	if r.path["id"] != strconv.Itoa(githubInstallationID) {
		return r.notFound()
	}
	token := fakeToken("sandbox_installation_")
	expires := g.appClock.Now().UTC().Truncate(time.Second).Add(installationTokenFor)
	g.tokens[token] = credential{g.appAccount(), true, expires}
	return githubAnswer{status: http.StatusCreated, body: wireToken{
		Token: token, ExpiresAt: githubTime(expires), Permissions: appPermissions(), RepositorySelection: "selected",
	}}
}

func (g *GitHub) appAccount() *Account { return g.accounts[strings.ToLower(g.options.AppSlug)+"[bot]"] }

func appPermissions() map[string]string {
	return map[string]string{"issues": "write", "metadata": "read"}
}

func (g *GitHub) getApp(r *githubRequest) githubAnswer { return r.ok(g.wireApp(r.base)) }

func (g *GitHub) getInstallation(r *githubRequest) githubAnswer {
	return r.ok(g.wireInstallation(r.base))
}

// getUser answers users only: an installation token is nobody's.
func (g *GitHub) getUser(r *githubRequest) githubAnswer {
	switch {
	case r.who.Account == nil:
		return r.refuse(http.StatusUnauthorized, "Requires authentication")
	case r.who.viaApp:
		return r.refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	a := r.ok(g.wirePrivateUser(r.base, r.who.Account))
	a.header = http.Header{"X-Oauth-Scopes": {"repo"}}
	return a
}

// getRateLimit answers 404 where limits are off, as GitHub Enterprise Server does.
func (g *GitHub) getRateLimit(r *githubRequest) githubAnswer {
	switch {
	case g.limits.off:
		return r.refuse(http.StatusNotFound, "Rate limiting is not enabled.")
	case r.who.Account == nil:
		return r.refuse(http.StatusUnauthorized, "Requires authentication")
	}
	q := g.limits.quota(r.who.ID, g.clock.Now())
	core := wireRate{primaryPerHour, q.used, primaryPerHour - q.used, q.reset.Unix()}
	search := wireRate{Limit: 30, Remaining: 30, Reset: g.clock.Now().Add(time.Minute).Unix()}
	return r.ok(map[string]any{
		"resources": map[string]wireRate{"core": core, "search": search},
		"rate":      core,
	})
}
