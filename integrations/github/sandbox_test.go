package github

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/sandbox"
)

// onSandbox returns a stand-in of GitHub, whose clock stands, and a client of it.
func onSandbox(t *testing.T, push bool) (*sandbox.GitHub, *sandbox.Clock, *Client) {
	t.Helper()
	clock := sandbox.NewClock(began)
	g := sandbox.NewGitHub(sandbox.GitHubOptions{Clock: clock, Repository: "acme/support", CanPush: push})
	t.Cleanup(g.Close)
	c, err := New(Config{BaseURL: g.URL(), Repository: "acme/support", Token: g.Token(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return g, clock, c
}

func TestCreateIsSettledAfterItsAnswerWasLost(t *testing.T) {
	tests := []struct {
		name  string
		fault sandbox.Fault
		after time.Duration // until the write has landed
		found bool
	}{
		{"the answer was lost after the write", sandbox.Fault{Kind: sandbox.LoseAnswer, On: "create issue", Times: 1}, 0, true},
		{"the write lands seconds after the connection broke", sandbox.Fault{Kind: sandbox.LandLate, On: "create issue", Times: 1, Delay: 5 * time.Second}, 10 * time.Second, true},
		{"nothing was written", sandbox.Fault{Kind: sandbox.Fail, On: "create issue", Times: 1, Status: 502}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, clock, c := onSandbox(t, true)
			landed := make(chan bool, 1)
			g.OnIssue(func(sandbox.Issue) { landed <- true })
			g.Faults.Add(tt.fault)
			create := kind(t, c, "github.create_issue")
			_, err := create.Perform(t.Context(), call(t, aCreate))
			if integrations.AsError(err).Failure != integrations.Unknown {
				t.Fatalf("the outcome is not Unknown: %v", err)
			}
			clock.Advance(tt.after)
			if tt.found {
				<-landed
			}
			result, found, err := create.Find(t.Context(), call(t, aCreate))
			if err != nil || found != tt.found {
				t.Fatalf("found is %v, want %v: %v", found, tt.found, err)
			}
			if found && len(g.Issues()) != 1 {
				t.Errorf("there are %d issues", len(g.Issues()))
			}
			if found && !strings.Contains(string(result), `"number":1`) {
				t.Errorf("result is %s", result)
			}
		})
	}
}

func TestLabelsAreDroppedWithoutPush(t *testing.T) {
	for _, push := range []bool{true, false} {
		_, _, c := onSandbox(t, push)
		result, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate))
		if err != nil {
			t.Fatal(err)
		}
		var got Issue
		if err := json.Unmarshal(result, &got); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(got.Labels, "support") != push {
			t.Errorf("with push %v the labels are %v", push, got.Labels)
		}
		r, err := c.Repository(t.Context())
		if err != nil || r.Push != push {
			t.Errorf("with push %v check sees %+v, %v", push, r, err)
		}
	}
}

func TestForgedMarkersAreNotOurs(t *testing.T) {
	g, _, c := onSandbox(t, true)
	g.OpenIssueAs("mallory", "mine", issueMarker)
	if _, found, err := kind(t, c, "github.create_issue").Find(t.Context(), call(t, aCreate)); found || err != nil {
		t.Errorf("found is %v: %v", found, err)
	}
}

func TestEachStateOfTheRepository(t *testing.T) {
	tests := []struct {
		name string
		do   func(*sandbox.GitHub)
		want integrations.Failure
	}{
		{"a revoked token", (*sandbox.GitHub).Revoke, integrations.Locked},
		{"a removed repository", (*sandbox.GitHub).RemoveRepository, integrations.Locked},
		{"an archived repository", (*sandbox.GitHub).Archive, integrations.Locked},
		{"disabled issues", (*sandbox.GitHub).DisableIssues, integrations.Locked},
		{"a used-up quota", (*sandbox.GitHub).ExhaustQuota, integrations.Limited},
		{"content held back", func(g *sandbox.GitHub) { g.HoldContent(2 * time.Minute) }, integrations.Limited},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, _, c := onSandbox(t, true)
			tt.do(g)
			_, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate))
			e := integrations.AsError(err)
			if e.Failure != tt.want || tt.want == integrations.Limited && e.After < time.Minute {
				t.Errorf("got %v, to wait %v", err, e.After)
			}
		})
	}
}

func TestARenamedRepositoryGoesOn(t *testing.T) {
	g, _, c := onSandbox(t, true)
	number := g.OpenIssueAs("alice", "by hand", "x")
	g.Rename("acme/help")
	if _, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate)); err != nil {
		t.Errorf("create: %v", err)
	}
	if _, err := kind(t, c, "github.close_issue").Perform(t.Context(), call(t, CloseIssue{Number: number, Reason: "completed"})); err != nil {
		t.Errorf("close: %v", err)
	}
	if len(g.Issues()) != 2 {
		t.Errorf("there are %d issues", len(g.Issues()))
	}
}

func TestAnAppWritesAndFindsItsOwn(t *testing.T) {
	g := sandbox.NewGitHub(sandbox.GitHubOptions{Repository: "acme/support", CanPush: true})
	t.Cleanup(g.Close)
	key, err := g.WritePrivateKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{
		BaseURL: g.URL() + "api/v3/", Repository: "acme/support",
		App: &App{ID: g.AppID(), InstallationID: g.InstallationID(), KeyFile: key},
	})
	if err != nil {
		t.Fatal(err)
	}
	create, now := kind(t, c, "github.create_issue"), call(t, aCreate)
	now.Started = time.Now()
	if _, err := create.Perform(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, found, err := create.Find(t.Context(), now); !found || err != nil {
		t.Errorf("found is %v: %v", found, err)
	}
	if self, err := c.Whoami(t.Context()); err != nil || self.Login != "support-app[bot]" {
		t.Errorf("whoami is %+v, %v", self, err)
	}
}

func TestAnAppWithoutTokenSendsNothing(t *testing.T) {
	tests := []struct {
		name  string
		fault sandbox.Fault
		want  integrations.Failure
	}{
		{"while GitHub is down", sandbox.Fault{Kind: sandbox.Fail, On: "create token", Status: 502}, integrations.Unreachable},
		{"when the answer with the token is lost", sandbox.Fault{Kind: sandbox.LoseAnswer, On: "create token"}, integrations.Unreachable},
		{"when the App was uninstalled", sandbox.Fault{Kind: sandbox.Fail, On: "create token", Status: 404}, integrations.Locked},
		{"when tokens are limited", sandbox.Fault{Kind: sandbox.Limited, On: "create token", Delay: 90 * time.Second}, integrations.Limited},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := sandbox.NewGitHub(sandbox.GitHubOptions{Repository: "acme/support"})
			t.Cleanup(g.Close)
			key, err := g.WritePrivateKey(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			c, err := New(Config{BaseURL: g.URL(), Repository: "acme/support", App: &App{ID: g.AppID(), InstallationID: g.InstallationID(), KeyFile: key}})
			if err != nil {
				t.Fatal(err)
			}
			g.Faults.Add(tt.fault)
			_, err = kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate))
			if got := integrations.AsError(err).Failure; got != tt.want || len(g.Issues()) > 0 {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestATimeoutWhileTheAppAsksForItsTokenIsUnreachable(t *testing.T) {
	g := sandbox.NewGitHub(sandbox.GitHubOptions{})
	t.Cleanup(g.Close)
	key, err := g.WritePrivateKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the connection goes unnoticed
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	c, err := New(Config{BaseURL: slow.URL, Repository: "acme/support", App: &App{ID: 1, InstallationID: 2, KeyFile: key}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = kind(t, c, "github.create_issue").Perform(ctx, call(t, aCreate))
	if integrations.AsError(err).Failure != integrations.Unreachable {
		t.Errorf("nothing but the token was asked for, and the outcome is %v", err)
	}
}
