package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v66/github"
)

const issuesPath = "repos/acme/analytics-support/issues"

// call asks g without a network.
func call(g *GitHub, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+g.Token())
	r.Header.Set("User-Agent", "test")
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

// held counts the calls that should not have been made.
func held(g *GitHub) int {
	n := 0
	for _, c := range g.Calls() {
		if c.Held {
			n++
		}
	}
	return n
}

func TestPrimaryLimitIs5000AnHour(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	for n := range 5000 {
		if n%500 == 0 {
			g.clock.Advance(time.Minute) // for the limit of an endpoint
		}
		if w := call(g, "GET", "user", ""); w.Code != http.StatusOK {
			t.Fatalf("call %d: %d %s", n+1, w.Code, w.Body)
		}
	}
	_, _, err := c.Users.Get(context.Background(), "")
	var limited *github.RateLimitError
	if !errors.As(err, &limited) || limited.Rate.Limit != 5000 || limited.Rate.Remaining != 0 {
		t.Fatalf("call 5001: %v, want a RateLimitError", err)
	}
	if want := testStart.Add(time.Minute + time.Hour); !limited.Rate.Reset.Time.Equal(want) {
		t.Errorf("reset at %s, want %s", limited.Rate.Reset.UTC(), want)
	}
	if w := call(g, "GET", "rate_limit", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"used":5000`) {
		t.Errorf("rate_limit during the hold: %d %s, want it free", w.Code, w.Body)
	}
	if held(g) != 0 {
		t.Errorf("%d calls counted as made during a hold that was told", held(g))
	}
	if w := call(g, "GET", "user", ""); w.Code != http.StatusForbidden || held(g) != 1 {
		t.Errorf("call 5002: %d, %d calls during the hold; want it noted", w.Code, held(g))
	}
	g.clock.Advance(limited.Rate.Reset.Sub(g.clock.Now()))
	if w := call(g, "GET", "user", ""); w.Header().Get("X-Ratelimit-Used") != "1" {
		t.Errorf("after the reset: %d, %s used", w.Code, w.Header().Get("X-Ratelimit-Used"))
	}
}

func TestExhaustedQuota(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{})
	g.ExhaustQuota()
	w := call(g, "GET", "user", "")
	if w.Code != http.StatusForbidden || w.Header().Get("X-Ratelimit-Remaining") != "0" || w.Header().Get("Retry-After") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestContentLimitIs80AMinute(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	create := func(n int) *httptest.ResponseRecorder {
		if n%2 == 1 {
			return call(g, "POST", issuesPath+"/1/comments", `{"body":"b"}`)
		}
		return call(g, "POST", issuesPath, `{"title":"t"}`)
	}
	for n := range 80 {
		if w := create(n); w.Code != http.StatusCreated {
			t.Fatalf("creation %d: %d %s", n+1, w.Code, w.Body)
		}
	}
	title := "t"
	_, _, err := c.Issues.Create(context.Background(), testOwner, testRepo, &github.IssueRequest{Title: &title})
	var limited *github.AbuseRateLimitError
	if !errors.As(err, &limited) || limited.RetryAfter == nil || *limited.RetryAfter != time.Minute {
		t.Fatalf("creation 81: %v, want an AbuseRateLimitError for a minute", err)
	}
	if w := call(g, "GET", issuesPath, ""); w.Code != http.StatusOK {
		t.Errorf("a read while creating is held: %d", w.Code)
	}
	g.clock.Advance(30 * time.Second)
	if w := create(0); w.Code != http.StatusForbidden || w.Header().Get("Retry-After") != "30" || held(g) != 1 {
		t.Errorf("during the hold: %d, Retry-After %s, %d held", w.Code, w.Header().Get("Retry-After"), held(g))
	}
	g.clock.Advance(30 * time.Second)
	if w := create(0); w.Code != http.StatusCreated || held(g) != 1 {
		t.Errorf("after the hold: %d %s", w.Code, w.Body)
	}
}

func TestContentLimitIs500AnHour(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{})
	for n := range 500 {
		if w := call(g, "POST", issuesPath, `{"title":"t"}`); w.Code != http.StatusCreated {
			t.Fatalf("creation %d: %d %s", n+1, w.Code, w.Body)
		}
		g.clock.Advance(time.Second)
	}
	w := call(g, "POST", issuesPath, `{"title":"t"}`)
	if w.Code != http.StatusForbidden || w.Header().Get("Retry-After") != "3100" {
		t.Errorf("creation 501: %d, Retry-After %s; want 403 until the first is an hour old", w.Code, w.Header().Get("Retry-After"))
	}
	g.clock.Advance(3100 * time.Second)
	if w := call(g, "POST", issuesPath, `{"title":"t"}`); w.Code != http.StatusCreated {
		t.Errorf("an hour after the first: %d %s", w.Code, w.Body)
	}
}

func TestSecondaryLimitMayAnswer429OrSayNothingOfWaiting(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{SecondaryStatus: http.StatusTooManyRequests, NoRetryAfter: true})
	g.HoldContent(time.Minute)
	w := call(g, "POST", issuesPath, `{"title":"t"}`)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "" || !strings.Contains(w.Body.String(), "secondary rate limit") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if held(g) != 0 {
		t.Error("the first call of a hold counts as made in spite of it")
	}
	if call(g, "POST", issuesPath, `{"title":"t"}`); held(g) != 1 {
		t.Error("the second call of a hold isn't noted")
	}
}

func TestEndpointsHave900PointsAMinute(t *testing.T) {
	for _, test := range []struct {
		name, method, body string
		fit                int
	}{{"writes cost five", "PATCH", `{"body":"b"}`, 180}, {"reads cost one", "GET", "", 900}} {
		t.Run(test.name, func(t *testing.T) {
			g, _ := startGitHub(t, GitHubOptions{})
			g.OpenIssueAs("support-bot", "t", "")
			for n := range test.fit {
				if w := call(g, test.method, issuesPath+"/1", test.body); w.Code != http.StatusOK {
					t.Fatalf("call %d: %d", n+1, w.Code)
				}
			}
			if w := call(g, "GET", issuesPath, ""); w.Code != http.StatusOK {
				t.Errorf("another endpoint: %d", w.Code)
			}
			if w := call(g, test.method, issuesPath+"/1", test.body); w.Code != http.StatusForbidden || w.Header().Get("Retry-After") != "60" {
				t.Errorf("call %d: %d", test.fit+1, w.Code)
			}
			if w := call(g, "GET", issuesPath, ""); w.Code != http.StatusForbidden || held(g) != 1 {
				t.Errorf("another endpoint during the hold: %d, %d held", w.Code, held(g))
			}
		})
	}
}

func TestAtMost100CallsAtOnce(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	started, release, ended := make(chan bool), make(chan bool), make(chan error, 100)
	g.Faults.Add(Fault{Kind: Watch, On: "get user", Wrote: func() { started <- true; <-release }})
	for range 100 {
		go func() { _, _, err := c.Users.Get(context.Background(), ""); ended <- err }()
	}
	for range 100 {
		<-started
	}
	_, _, err := c.Issues.ListByRepo(context.Background(), testOwner, testRepo, nil)
	var limited *github.AbuseRateLimitError
	if !errors.As(err, &limited) {
		t.Errorf("call 101 at once: %v, want an AbuseRateLimitError", err)
	}
	close(release)
	for range 100 {
		if err := <-ended; err != nil {
			t.Errorf("one of the 100: %v", err)
		}
	}
}

func TestUnlimitedHasNoLimits(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{Unlimited: true})
	g.HoldContent(time.Hour)
	g.ExhaustQuota()
	for range 1000 {
		if w := call(g, "POST", issuesPath, `{"title":"t"}`); w.Code != http.StatusCreated || w.Header().Get("X-Ratelimit-Limit") != "" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
	}
}
