package sandbox

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v66/github"
)

func installation(t *testing.T, g *GitHub) *ghinstallation.Transport {
	t.Helper()
	key, err := g.WritePrivateKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	itr, err := ghinstallation.NewKeyFromFile(http.DefaultTransport, g.AppID(), g.InstallationID(), key)
	if err != nil {
		t.Fatal(err)
	}
	itr.BaseURL = strings.TrimSuffix(g.URL(), "/")
	return itr
}

func TestAppWritesAsItsBot(t *testing.T) {
	ctx := context.Background()
	g, _ := startGitHub(t, GitHubOptions{CanPush: true})
	itr := installation(t, g)
	c := clientOf(t, g, itr)
	i := createIssue(t, c, "a", "b", "support")
	if i.GetUser().GetLogin() != "support-app[bot]" || i.GetUser().GetType() != "Bot" || len(i.Labels) != 1 {
		t.Errorf("issue by %s, labels %v", i.GetUser().GetLogin(), i.Labels)
	}
	found, _, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, &github.IssueListByRepoOptions{Creator: "support-app[bot]"})
	if err != nil || len(found) != 1 {
		t.Errorf("found by its creator: %v, %v", found, err)
	}
	if _, _, err := c.Users.Get(ctx, ""); statusOf(err) != http.StatusForbidden || !strings.Contains(err.Error(), "Resource not accessible by integration") {
		t.Errorf("GET /user with an installation token: %v, want 403", err)
	}
	permissions, err := itr.Permissions()
	if err != nil || permissions.GetIssues() != "write" {
		t.Errorf("permissions of the token: %v, %v", permissions, err)
	}
}

func TestAppKnowsItselfAndItsInstallation(t *testing.T) {
	ctx := context.Background()
	g, _ := startGitHub(t, GitHubOptions{})
	itr := installation(t, g)
	key, err := g.WritePrivateKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	atr, err := ghinstallation.NewAppsTransportKeyFromFile(http.DefaultTransport, itr.AppID(), key)
	if err != nil {
		t.Fatal(err)
	}
	c := clientOf(t, g, atr)
	app, _, err := c.Apps.Get(ctx, "")
	if err != nil || app.GetSlug() != "support-app" {
		t.Errorf("app %v, %v", app.GetSlug(), err)
	}
	i, _, err := c.Apps.FindRepositoryInstallation(ctx, testOwner, testRepo)
	if err != nil || i.GetID() != g.InstallationID() {
		t.Errorf("installation %v, %v", i.GetID(), err)
	}
}

func TestInstallationTokensLiveForAnHour(t *testing.T) {
	clock := NewClock(time.Now())
	g, _ := startGitHub(t, GitHubOptions{AppClock: clock})
	token, err := installation(t, g).Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		wait   time.Duration
		status int
	}{{59 * time.Minute, 200}, {time.Minute, 401}} {
		clock.Advance(step.wait)
		if answer, body := answerTo(t, g, "GET", issuesPath, "", "Authorization", "token "+token); answer.StatusCode != step.status {
			t.Errorf("%d %s, want %d", answer.StatusCode, body, step.status)
		}
	}
}

func TestJWTs(t *testing.T) {
	now := time.Now()
	clock := NewClock(now)
	g, _ := startGitHub(t, GitHubOptions{AppClock: clock})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(issued, expires time.Duration, issuer any) map[string]any {
		return map[string]any{"iss": issuer, "iat": now.Add(issued).Unix(), "exp": now.Add(expires).Unix()}
	}
	good := claims(-30*time.Second, 90*time.Second, g.AppID())
	cases := map[string]struct {
		token string
		want  string // empty is accepted
	}{
		"a good one":                          {signJWT(t, g.appKey(), "RS256", good), ""},
		"an issuer as text":                   {signJWT(t, g.appKey(), "RS256", claims(-time.Second, time.Minute, "314159")), ""},
		"one of another key":                  {signJWT(t, other, "RS256", good), "could not be decoded"},
		"one that says it needs no signature": {signJWT(t, g.appKey(), "none", good), "could not be decoded"},
		"another app's":                       {signJWT(t, g.appKey(), "RS256", claims(-time.Second, time.Minute, 1)), "'Issuer' claim"},
		"one from the future (a fast clock)":  {signJWT(t, g.appKey(), "RS256", claims(time.Minute, 2*time.Minute, g.AppID())), "'Issued at' claim ('iat')"},
		"one that is over (a slow clock)":     {signJWT(t, g.appKey(), "RS256", claims(-3*time.Minute, -time.Minute, g.AppID())), "'Expiration time' claim ('exp') must be"},
		"one for longer than ten minutes":     {signJWT(t, g.appKey(), "RS256", claims(-time.Second, 11*time.Minute, g.AppID())), "too far in the future"},
		"one without times":                   {signJWT(t, g.appKey(), "RS256", map[string]any{"iss": g.AppID()}), "'Issued at' claim"},
		"the token of a user":                 {g.Token(), "could not be decoded"},
		"nothing":                             {"", "could not be decoded"},
		"three dots":                          {"...", "could not be decoded"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			answer, body := answerTo(t, g, "GET", "app", "", "Authorization", "Bearer "+tc.token)
			if tc.want == "" && answer.StatusCode != http.StatusOK {
				t.Errorf("%d %s", answer.StatusCode, body)
			}
			if tc.want != "" && (answer.StatusCode != http.StatusUnauthorized || !strings.Contains(body, tc.want)) {
				t.Errorf("%d %s, want 401 with %q", answer.StatusCode, body, tc.want)
			}
		})
	}
	t.Run("a JWT is no token", func(t *testing.T) {
		answer, _ := answerTo(t, g, "GET", issuesPath, "", "Authorization", "Bearer "+signJWT(t, g.appKey(), "RS256", good))
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d, want 401", answer.StatusCode)
		}
	})
	t.Run("a revoked app", func(t *testing.T) {
		g.Revoke()
		answer, _ := answerTo(t, g, "GET", "app", "", "Authorization", "Bearer "+signJWT(t, g.appKey(), "RS256", good))
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d, want 401", answer.StatusCode)
		}
	})
}

func signJWT(t *testing.T, key *rsa.PrivateKey, alg string, claims map[string]any) string {
	t.Helper()
	segment := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := segment(map[string]string{"alg": alg, "typ": "JWT"}) + "." + segment(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
