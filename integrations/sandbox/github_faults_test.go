package sandbox

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-github/v66/github"
)

func TestFaultsOfCreatingAnIssue(t *testing.T) {
	cases := map[string]struct {
		fault        Fault
		status       int // 0 is no answer
		made         int // issues at once
		madeTenLater int // ten seconds later
	}{
		"a server error does nothing":            {Fault{Kind: Fail, Status: 502}, 502, 0, 0},
		"a limit does nothing":                   {Fault{Kind: Limited, Delay: time.Minute}, 429, 0, 0},
		"a refused connection does nothing":      {Fault{Kind: Refuse}, 0, 0, 0},
		"an answer is lost after the write":      {Fault{Kind: LoseAnswer}, 0, 1, 1},
		"a write lands after the connection did": {Fault{Kind: LandLate, Delay: 5 * time.Second}, 0, 0, 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g, c := startGitHub(t, GitHubOptions{})
			landed := make(chan Issue, 1)
			g.OnIssue(func(i Issue) { landed <- i })
			tc.fault.On, tc.fault.Times = "create issue", 1
			g.Faults.Add(tc.fault)
			title := "t"
			_, _, err := c.Issues.Create(context.Background(), testOwner, testRepo, &github.IssueRequest{Title: &title})
			if err == nil || statusOf(err) != tc.status {
				t.Errorf("answer %v, want status %d", err, tc.status)
			}
			if n := len(g.Issues()); n != tc.made {
				t.Errorf("%d issues at once, want %d", n, tc.made)
			}
			g.clock.Advance(10 * time.Second)
			if tc.madeTenLater > 0 {
				<-landed
			}
			if n := len(g.Issues()); n != tc.madeTenLater {
				t.Errorf("%d issues later, want %d", n, tc.madeTenLater)
			}
			if i := createIssue(t, c, "again", ""); i.GetNumber() != tc.madeTenLater+1 {
				t.Errorf("the next issue has number %d", i.GetNumber())
			}
			if met := g.Faults.Met()["create issue/"+string(tc.fault.Kind)]; met != 1 {
				t.Errorf("met %d times, want once", met)
			}
			if hits := g.Faults.Hits(); len(hits) != 1 || hits[0].Kind != tc.fault.Kind || hits[0].Status != tc.status {
				t.Errorf("hits are %+v", hits)
			}
		})
	}
}

func TestBrokenOffCallsHaveNoStatus(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	g.Faults.Add(Fault{Kind: Refuse, On: "create comment", Times: 1})
	g.OpenIssueAs("alice", "a", "")
	body := "b"
	_, _, err := c.Issues.CreateComment(context.Background(), testOwner, testRepo, 1, &github.IssueComment{Body: &body})
	calls := g.Calls()
	if err == nil || len(calls) != 1 || calls[0].Status != 0 || calls[0].Method != http.MethodPost {
		t.Errorf("%v, calls %v", err, calls)
	}
}

// Octokit's throttling plugin knows a secondary limit by its words alone.
func TestALimitSpeaksAsItsServiceDoes(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{})
	s, _ := aWorkspace(t, SlackOptions{})
	limited := Fault{Kind: Limited, Delay: time.Minute}
	g.Faults.Add(limited)
	s.Faults.Add(limited)
	for service, tc := range map[string]struct{ address, field, want string }{
		"GitHub's secondary limit": {g.URL() + "user", "message", generalLimitMessage},
		"Slack's limit":            {s.URL() + "auth.test", "error", "ratelimited"},
	} {
		t.Run(service, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodGet, tc.address, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, answer := callSlack(t, r)
			if answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != "60" || body[tc.field] != tc.want {
				t.Errorf("%d %v %v", answer.StatusCode, answer.Header, body)
			}
		})
	}
}
