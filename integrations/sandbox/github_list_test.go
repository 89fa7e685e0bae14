package sandbox

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
)

func TestListsOfIssues(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	createIssue(t, c, "one", "", "support", "turn:team")
	g.clock.Advance(time.Minute)
	g.OpenIssueAs("alice", "two", "", "support")
	g.clock.Advance(time.Minute)
	g.OpenPullRequestAs("carol", "three", "")
	g.clock.Advance(time.Minute)
	g.CloseAs("carol", 2, "completed")
	g.clock.Advance(time.Minute)
	g.CommentAs("carol", 1, "hm")

	cases := map[string]struct {
		options github.IssueListByRepoOptions
		want    string
	}{
		"open ones with the newest first, if nothing is asked": {github.IssueListByRepoOptions{}, "3 1"},
		"all, pull requests included":                          {github.IssueListByRepoOptions{State: "all"}, "3 2 1"},
		"closed ones":                                          {github.IssueListByRepoOptions{State: "closed"}, "2"},
		"of one creator, in any case":                          {github.IssueListByRepoOptions{State: "all", Creator: "Support-Bot"}, "1"},
		"of a creator that nobody knows":                       {github.IssueListByRepoOptions{State: "all", Creator: "nobody"}, ""},
		"with a label":                                         {github.IssueListByRepoOptions{State: "all", Labels: []string{"Support"}}, "2 1"},
		"with two labels at once":                              {github.IssueListByRepoOptions{State: "all", Labels: []string{"support", "turn:team"}}, "1"},
		"in order of update":                                   {github.IssueListByRepoOptions{State: "all", Sort: "updated", Direction: "asc"}, "3 2 1"},
		"with the last updated first":                          {github.IssueListByRepoOptions{State: "all", Sort: "updated"}, "1 2 3"},
		"in order of comments":                                 {github.IssueListByRepoOptions{State: "all", Sort: "comments"}, "1 3 2"},
		"since counts updates, and the very second":            {github.IssueListByRepoOptions{State: "all", Since: testStart.Add(3 * time.Minute)}, "2 1"},
		"since a second later":                                 {github.IssueListByRepoOptions{State: "all", Since: testStart.Add(3*time.Minute + time.Second)}, "1"},
		"since, in order of update":                            {github.IssueListByRepoOptions{State: "all", Since: testStart.Add(time.Minute), Sort: "updated", Direction: "asc"}, "3 2 1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			issues, _, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, &tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(issues); got != tc.want {
				t.Errorf("issues %s, want %s", got, tc.want)
			}
			for _, i := range issues {
				if i.IsPullRequest() != (i.GetNumber() == 3) {
					t.Errorf("issue %d: pull request = %v", i.GetNumber(), i.IsPullRequest())
				}
			}
		})
	}
}

func numbers(issues []*github.Issue) string {
	var got []string
	for _, i := range issues {
		got = append(got, strconv.Itoa(i.GetNumber()))
	}
	return strings.Join(got, " ")
}

func TestPagesFollowTheLinkHeader(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	for n := range 205 {
		g.OpenIssueAs("alice", strconv.Itoa(n), "")
	}
	o := &github.IssueListByRepoOptions{Sort: "created", Direction: "asc", ListOptions: github.ListOptions{PerPage: 1000}}
	var sizes []int
	var all []*github.Issue
	for {
		page, answer, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, o)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page))
		all = append(all, page...)
		if answer.NextPage == 0 {
			break
		}
		if answer.LastPage != 3 {
			t.Errorf("last page %d, want 3", answer.LastPage)
		}
		o.Page = answer.NextPage
	}
	if diff := cmp.Diff([]int{100, 100, 5}, sizes); diff != "" {
		t.Errorf("a page has at most 100: %s", diff)
	}
	for n, i := range all {
		if i.GetNumber() != n+1 {
			t.Fatalf("issue %d in place %d", i.GetNumber(), n)
		}
	}
	for page, want := range map[string]int{"issues": 30, "issues?page=7": 25, "issues?page=8": 0, "issues?page=0&per_page=x": 30} {
		_, body := answerTo(t, g, "GET", "repos/acme/analytics-support/"+page, "")
		if got := strings.Count(body, `"title"`); got != want || !strings.HasPrefix(body, "[") {
			t.Errorf("%s has %d issues, want %d", page, got, want)
		}
	}
}

func TestUpdatesStayInOrderWhenTheirLogIsCompacted(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	for range 10 {
		g.OpenIssueAs("alice", "a", "")
	}
	for n := range 5000 {
		g.clock.Advance(time.Second)
		g.EditIssueAs("alice", 1+n%7, "a", strconv.Itoa(n))
	}
	if len(g.updates) > 2000 {
		t.Errorf("%d entries in the log of ten issues", len(g.updates))
	}
	issues, _, err := c.Issues.ListByRepo(context.Background(), testOwner, testRepo, &github.IssueListByRepoOptions{
		Sort: "updated", Since: g.now().Add(-3 * time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := numbers(issues), "2 1 7 6"; got != want {
		t.Errorf("last updated: %s, want %s", got, want)
	}
}

func TestUnchangedAnswersAre304AndFree(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{})
	g.OpenIssueAs("alice", "a", "")
	const list = "repos/acme/analytics-support/issues?state=all"
	first, _ := answerTo(t, g, "GET", list, "")
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("X-Ratelimit-Remaining") != "4999" {
		t.Fatalf("ETag %q, %s remaining", etag, first.Header.Get("X-Ratelimit-Remaining"))
	}
	for range 3 {
		again, body := answerTo(t, g, "GET", list, "", "If-None-Match", etag)
		if again.StatusCode != http.StatusNotModified || body != "" || again.Header.Get("X-Ratelimit-Remaining") != "4999" {
			t.Errorf("unchanged: %d %q, %s remaining", again.StatusCode, body, again.Header.Get("X-Ratelimit-Remaining"))
		}
	}
	g.CommentAs("alice", 1, "more")
	changed, _ := answerTo(t, g, "GET", list, "", "If-None-Match", etag)
	if changed.StatusCode != http.StatusOK || changed.Header.Get("ETag") == etag {
		t.Errorf("changed: %d", changed.StatusCode)
	}
}

func TestDeletedIssuesAreInNoList(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	g.OpenIssueAs("alice", "kept", "")
	g.OpenIssueAs("alice", "deleted", "")
	g.CommentAs("alice", 2, "deleted, too")
	g.CloseAs("alice", 2, "completed")
	g.clock.Advance(time.Minute)
	g.DeleteIssueAs("carol", 2)
	g.Faults.Add(Fault{Kind: Lag, Delay: 30 * time.Second})
	issues, _, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, &github.IssueListByRepoOptions{State: "all"})
	if err != nil || numbers(issues) != "1" {
		t.Errorf("issues %s, %v", numbers(issues), err)
	}
	comments, _, err := c.Issues.ListComments(ctx, testOwner, testRepo, 0, nil)
	if err != nil || len(comments) != 0 {
		t.Errorf("comments %v, %v", comments, err)
	}
	events, _, err := c.Issues.ListRepositoryEvents(ctx, testOwner, testRepo, nil)
	if err != nil || len(events) != 0 {
		t.Errorf("events %v, %v", events, err)
	}
	if whole := g.Issue(2); !whole.Deleted || len(whole.Comments) != 1 {
		t.Errorf("the oracle has forgotten the deleted issue: %+v", whole)
	}
}

func TestListsLag(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	g.OpenIssueAs("alice", "old", "as it was")
	g.clock.Advance(time.Minute)
	g.EditIssueAs("alice", 1, "old", "as it is")
	g.CommentAs("alice", 1, "new")
	g.CloseAs("alice", 1, "completed")
	createIssue(t, c, "new", "")
	g.Faults.Add(Fault{Kind: Lag, Delay: 10 * time.Second})

	list := func(since time.Time) []*github.Issue {
		t.Helper()
		issues, _, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, &github.IssueListByRepoOptions{State: "all", Since: since})
		if err != nil {
			t.Fatal(err)
		}
		return issues
	}
	counts := func() [2]int {
		t.Helper()
		comments, _, err := c.Issues.ListComments(ctx, testOwner, testRepo, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		events, _, err := c.Issues.ListRepositoryEvents(ctx, testOwner, testRepo, nil)
		if err != nil {
			t.Fatal(err)
		}
		return [2]int{len(comments), len(events)}
	}
	if before := list(time.Time{}); len(before) != 1 || before[0].GetBody() != "as it was" || before[0].GetState() != "open" || before[0].GetComments() != 0 {
		t.Errorf("a list that lags shows %v, want the first issue as it was", before)
	}
	if before := list(testStart.Add(30 * time.Second)); len(before) != 0 {
		t.Errorf("a list that lags shows %v since the change", before)
	}
	if got := counts(); got != [2]int{0, 0} {
		t.Errorf("comments, events behind: %v, want none", got)
	}
	if i, _, err := c.Issues.Get(ctx, testOwner, testRepo, 2); err != nil || i.GetTitle() != "new" {
		t.Errorf("a read of one issue lags: %v, %v", i, err)
	}
	want := map[string]int{"list issues/lag": 2, "list comments/lag": 1, "list repository events/lag": 1}
	if diff := cmp.Diff(want, g.Faults.Met()); diff != "" {
		t.Errorf("calls that met the lag: %s", diff)
	}
	g.clock.Advance(10 * time.Second)
	if got := numbers(list(testStart.Add(30 * time.Second))); got != "2 1" {
		t.Errorf("after the lag: issues %s, want 2 1", got)
	}
	if got := counts(); got != [2]int{1, 1} {
		t.Errorf("comments, events after the lag: %v, want one each", got)
	}
}
