package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
)

const (
	testOwner = "acme"
	testRepo  = "analytics-support"
)

// testStart lies in the past, so that go-github, which reads the real clock, takes no limit of a stand-in's hour
// for one that still holds.
var testStart = time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)

// startGitHub starts a stand-in with a still clock and returns it with go-github's client of it.
func startGitHub(t testing.TB, o GitHubOptions) (*GitHub, *github.Client) {
	t.Helper()
	if o.Clock == nil {
		o.Clock = NewClock(testStart)
	}
	g := NewGitHub(o)
	t.Cleanup(g.Close)
	return g, clientOf(t, g, nil)
}

// clientOf returns a client of g with the token of the bot's user, or one that transport authenticates.
func clientOf(t testing.TB, g *GitHub, transport http.RoundTripper) *github.Client {
	t.Helper()
	var c *github.Client
	if transport == nil {
		c = github.NewClient(nil).WithAuthToken(g.Token())
	} else {
		c = github.NewClient(&http.Client{Transport: transport})
	}
	base, err := url.Parse(g.URL())
	if err != nil {
		t.Fatal(err)
	}
	c.BaseURL = base
	return c
}

func createIssue(t testing.TB, c *github.Client, title, body string, labels ...string) *github.Issue {
	t.Helper()
	i, _, err := c.Issues.Create(context.Background(), testOwner, testRepo, &github.IssueRequest{
		Title: &title, Body: &body, Labels: &labels,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// answerTo sends a raw call with the bot's token and returns the answer with its body.
func answerTo(t testing.TB, g *GitHub, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, g.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+g.Token())
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(b)
}

func statusOf(err error) int {
	var e *github.ErrorResponse
	if errors.As(err, &e) {
		return e.Response.StatusCode
	}
	return 0
}

func TestIssueKeepsItsBodyAsGiven(t *testing.T) {
	_, c := startGitHub(t, GitHubOptions{})
	body := "line\r\n\ttab <!-- marker --> 日本語 \u202eRTL\u202c  \n\n"
	made := createIssue(t, c, "Load fails", body)
	read, _, err := c.Issues.Get(context.Background(), testOwner, testRepo, made.GetNumber())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body, read.GetBody()); diff != "" {
		t.Error(diff)
	}
	if read.GetUser().GetLogin() != "support-bot" || read.GetState() != "open" || !read.CreatedAt.Time.Equal(testStart) {
		t.Errorf("issue by %s, %s, %s", read.GetUser().GetLogin(), read.GetState(), read.GetCreatedAt())
	}
}

func TestLabelsAreDroppedSilentlyWithoutPush(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{CanPush: false})
	i := createIssue(t, c, "a", "b", "support")
	if len(i.Labels) != 0 || len(g.Labels()) != 0 {
		t.Errorf("labels %v of the issue, %v of the repository, want none", i.Labels, g.Labels())
	}
	i, _, err := c.Issues.Edit(ctx, testOwner, testRepo, 1, &github.IssueRequest{Labels: &[]string{"support"}})
	if err != nil || len(i.Labels) != 0 {
		t.Errorf("an edit without push gave labels %v, %v", i.Labels, err)
	}
	if _, _, err = c.Issues.AddLabelsToIssue(ctx, testOwner, testRepo, 1, []string{"support"}); statusOf(err) != http.StatusForbidden {
		t.Errorf("adding labels without push: %v, want 403", err)
	}
	g.GrantPush()
	i = createIssue(t, c, "a", "b", "support", "medium:slack")
	if len(i.Labels) != 2 || len(g.Labels()) != 2 {
		t.Errorf("labels %v of the issue, %v of the repository, want two new ones", i.Labels, g.Labels())
	}
	g.DropPush()
	if i = createIssue(t, c, "a", "b", "support"); len(i.Labels) != 0 {
		t.Errorf("labels %v after push access was taken away", i.Labels)
	}
}

func TestPermissionsOfTheRepositoryTellOfPush(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	for _, want := range []bool{true, false} {
		r, _, err := c.Repositories.Get(context.Background(), testOwner, testRepo)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.GetPermissions()["push"]; got != want {
			t.Errorf("push = %v, want %v", got, want)
		}
		g.DropPush()
	}
}

func TestLabels(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	createIssue(t, c, "a", "b", "turn:team")

	if _, _, err := c.Issues.CreateLabel(ctx, testOwner, testRepo, &github.Label{Name: github.String("Support"), Color: github.String("0e8a16")}); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.Issues.CreateLabel(ctx, testOwner, testRepo, &github.Label{Name: github.String("support")})
	if statusOf(err) != http.StatusUnprocessableEntity || !strings.Contains(err.Error(), "already_exists") {
		t.Errorf("a label twice, in another case: %v, want 422 already_exists", err)
	}
	if _, _, err := c.Issues.AddLabelsToIssue(ctx, testOwner, testRepo, 1, []string{"support", "new one/ü"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"turn:team", "Support", "new one/ü"}, g.Issue(1).Labels); diff != "" {
		t.Errorf("after adding: %s", diff)
	}
	if l, _, err := c.Issues.GetLabel(ctx, testOwner, testRepo, "SUPPORT"); err != nil || l.GetColor() != "0e8a16" {
		t.Errorf("GetLabel = %v, %v", l, err)
	}
	if _, err := c.Issues.RemoveLabelForIssue(ctx, testOwner, testRepo, 1, "new%20one%2F%C3%BC"); err != nil {
		t.Errorf("removing a label with an odd name: %v", err)
	}
	if _, err := c.Issues.RemoveLabelForIssue(ctx, testOwner, testRepo, 1, "absent"); statusOf(err) != http.StatusNotFound {
		t.Errorf("removing a label that isn't there: %v, want 404", err)
	}
	if _, _, err := c.Issues.ReplaceLabelsForIssue(ctx, testOwner, testRepo, 1, []string{"turn:later"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"turn:later"}, g.Issue(1).Labels); diff != "" {
		t.Errorf("after replacing: %s", diff)
	}
	if all, _, err := c.Issues.ListLabels(ctx, testOwner, testRepo, nil); err != nil || len(all) != 4 {
		t.Errorf("ListLabels = %v, %v; want all four names that were used", all, err)
	}
}

func TestValidation(t *testing.T) {
	long := func(n int) string { return strings.Repeat("語", n) }
	cases := map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"an issue without a title":             {"POST", "issues", `{"body":"b"}`, 422, `"resource":"Issue","field":"title","code":"missing_field"`},
		"a blank title":                        {"POST", "issues", `{"title":" "}`, 422, `"field":"title","code":"missing_field"`},
		"a title of 256 characters is fine":    {"POST", "issues", `{"title":"` + long(256) + `"}`, 201, `"number":2`},
		"a title of 257 characters":            {"POST", "issues", `{"title":"` + long(257) + `"}`, 422, "title is too long (maximum is 256 characters)"},
		"a body of 65,536 characters is fine":  {"POST", "issues", `{"title":"t","body":"` + long(65536) + `"}`, 201, `"number":2`},
		"a body of 65,537 characters":          {"POST", "issues", `{"title":"t","body":"` + long(65537) + `"}`, 422, "body is too long (maximum is 65536 characters)"},
		"an edit with too long a body":         {"PATCH", "issues/1", `{"body":"` + long(65537) + `"}`, 422, "body is too long"},
		"a comment of 65,537 characters":       {"POST", "issues/1/comments", `{"body":"` + long(65537) + `"}`, 422, `"resource":"IssueComment","field":"body","code":"custom","message":"body is too long`},
		"an empty comment":                     {"POST", "issues/1/comments", `{"body":""}`, 422, `"field":"body","code":"missing_field"`},
		"a state that doesn't exist":           {"PATCH", "issues/1", `{"state":"done"}`, 422, `"field":"state","code":"invalid"`},
		"a state reason that doesn't exist":    {"PATCH", "issues/1", `{"state":"closed","state_reason":"bored"}`, 422, `"field":"state_reason","code":"invalid"`},
		"a label of 51 characters":             {"POST", "issues", `{"title":"t","labels":["` + long(51) + `"]}`, 422, "name is too long (maximum is 50 characters)"},
		"labels as objects are fine":           {"POST", "issues", `{"title":"t","labels":[{"name":"support"}]}`, 201, `"name":"support"`},
		"labels of numbers":                    {"POST", "issues", `{"title":"t","labels":[1]}`, 422, "Invalid request."},
		"a body that is a number":              {"POST", "issues", `{"title":"t","body":1}`, 422, "Invalid request."},
		"a title that is a list":               {"POST", "issues", `{"title":[]}`, 422, "Invalid request."},
		"no JSON":                              {"POST", "issues", `{"title":`, 400, "Problems parsing JSON"},
		"JSON that is no object":               {"POST", "issues", `["t"]`, 400, "Body should be a JSON object"},
		"a list in a state that doesn't exist": {"GET", "issues?state=done", "", 422, `"field":"state"`},
		"a list since no time":                 {"GET", "issues?since=yesterday", "", 422, `"field":"since"`},
		"an issue that doesn't exist":          {"GET", "issues/99", "", 404, "Not Found"},
		"a number beyond all issues":           {"GET", "issues/99999999999999999999", "", 404, "Not Found"},
		"a comment that doesn't exist":         {"PATCH", "issues/comments/1", `{"body":"b"}`, 404, "Not Found"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g, c := startGitHub(t, GitHubOptions{CanPush: true})
			createIssue(t, c, "first", "")
			before := g.Issues()
			answer, body := answerTo(t, g, tc.method, "repos/acme/analytics-support/"+tc.path, tc.body)
			if answer.StatusCode != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %.300s\nwant %d with %s", answer.StatusCode, body, tc.status, tc.want)
			}
			if diff := cmp.Diff(before, g.Issues()); answer.StatusCode >= 400 && diff != "" {
				t.Errorf("a refused call changed something: %s", diff)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	const issues = "repos/acme/analytics-support/issues"
	cases := map[string]struct {
		set          func(*GitHub)
		options      GitHubOptions
		method, path string
		header       []string
		status       int
		want         string
	}{
		"a wrong token":                                  {method: "GET", path: issues, header: []string{"Authorization", "token wrong"}, status: 401, want: "Bad credentials"},
		"a private repository without a token":           {method: "GET", path: issues, header: []string{"Authorization", ""}, status: 404, want: "Not Found"},
		"a public repository is read without a token":    {options: GitHubOptions{Public: true}, method: "GET", path: issues, header: []string{"Authorization", ""}, status: 200},
		"a public repository isn't written without one":  {options: GitHubOptions{Public: true}, method: "POST", path: issues, header: []string{"Authorization", ""}, status: 401},
		"a repository of somebody else":                  {method: "GET", path: "repos/acme/secret", status: 404, want: "Not Found"},
		"names are the same in any case":                 {method: "GET", path: "repos/Acme/Analytics-Support", status: 200},
		"a revoked token":                                {set: (*GitHub).Revoke, method: "GET", path: "user", status: 401, want: "Bad credentials"},
		"a removed repository":                           {set: (*GitHub).RemoveRepository, method: "POST", path: issues, status: 404},
		"an archived repository is read":                 {set: (*GitHub).Archive, method: "GET", path: issues + "/1", status: 200},
		"an archived repository isn't written":           {set: (*GitHub).Archive, method: "POST", path: issues, status: 403, want: "Repository was archived so is read-only."},
		"a repository without issues":                    {set: (*GitHub).DisableIssues, method: "POST", path: issues, status: 410, want: "Issues are disabled for this repo"},
		"a repository without issues still tells of it":  {set: (*GitHub).DisableIssues, method: "GET", path: "repos/acme/analytics-support", status: 200, want: `"has_issues":false`},
		"a deleted issue":                                {set: func(g *GitHub) { g.DeleteIssueAs("carol", 1) }, method: "GET", path: issues + "/1", status: 410, want: "This issue was deleted"},
		"a call without a user agent":                    {method: "GET", path: "user", header: []string{"User-Agent", ""}, status: 403, want: "User-Agent"},
		"an address that GitHub doesn't have":            {method: "GET", path: "repos/acme/analytics-support/nothing", status: 404},
		"somebody else's issue is not edited w/o push":   {set: func(g *GitHub) { g.OpenIssueAs("carol", "hers", "") }, method: "PATCH", path: issues + "/2", status: 403},
		"somebody else's issue is edited with push":      {set: func(g *GitHub) { g.OpenIssueAs("carol", "hers", ""); g.GrantPush() }, method: "PATCH", path: issues + "/2", status: 200},
		"restored access":                                {set: func(g *GitHub) { g.Revoke(); g.RemoveRepository(); g.Archive(); g.Restore() }, method: "POST", path: issues, status: 201},
		"the rate limit where there is none, as on GHES": {options: GitHubOptions{Unlimited: true}, method: "GET", path: "rate_limit", status: 404, want: "Rate limiting is not enabled."},
		"below /api/v3/, as on GHES":                     {method: "GET", path: "api/v3/" + issues, status: 200, want: `/api/v3/repos/acme/analytics-support/issues/1"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g, c := startGitHub(t, tc.options)
			createIssue(t, c, "first", "")
			if tc.set != nil {
				tc.set(g)
			}
			answer, body := answerTo(t, g, tc.method, tc.path, `{"title":"t"}`, tc.header...)
			if answer.StatusCode != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %.300s\nwant %d with %q", answer.StatusCode, body, tc.status, tc.want)
			}
			if answer.Header.Get("X-GitHub-Request-Id") == "" {
				t.Error("an answer without X-GitHub-Request-Id")
			}
		})
	}
}

func TestRenameRedirectsReadsAndWrites(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	createIssue(t, c, "before", "")
	g.Rename("data-support")

	for method, status := range map[string]int{"GET": 301, "PATCH": 307} {
		answer, body := answerTo(t, g, method, "repos/acme/analytics-support/issues/1?x=1", `{"title":"t"}`)
		location := answer.Header.Get("Location")
		if answer.StatusCode != status || !strings.Contains(location, "/repositories/") || !strings.HasSuffix(location, "/issues/1?x=1") {
			t.Errorf("%s: %d to %s, %s", method, answer.StatusCode, location, body)
		}
	}
	read, _, err := c.Issues.Get(ctx, testOwner, testRepo, 1)
	if err != nil || !strings.HasSuffix(read.GetHTMLURL(), "/acme/data-support/issues/1") {
		t.Errorf("the client followed to %s, %v", read.GetHTMLURL(), err)
	}
	if made := createIssue(t, c, "after", ""); made.GetNumber() != 2 {
		t.Errorf("a create through the redirect made issue %d, want 2", made.GetNumber())
	}
}

func TestEnterpriseAddressesWorkWithGoGitHub(t *testing.T) {
	g, _ := startGitHub(t, GitHubOptions{})
	c, err := github.NewClient(nil).WithAuthToken(g.Token()).WithEnterpriseURLs(g.URL(), g.URL())
	if err != nil {
		t.Fatal(err)
	}
	i := createIssue(t, c, "a", "b")
	if want := g.URL() + "acme/analytics-support/issues/1"; i.GetHTMLURL() != want {
		t.Errorf("issue at %s, want %s", i.GetHTMLURL(), want)
	}
}

func TestClosingAndReopening(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	createIssue(t, c, "a", "b")
	state := func(state, reason string) *github.Issue {
		t.Helper()
		q := &github.IssueRequest{State: &state}
		if reason != "" {
			q.StateReason = &reason
		}
		i, _, err := c.Issues.Edit(ctx, testOwner, testRepo, 1, q)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	if i := state("closed", ""); i.GetStateReason() != "completed" || i.GetClosedBy().GetLogin() != "support-bot" || i.ClosedAt == nil {
		t.Errorf("closed: %s by %s at %v", i.GetStateReason(), i.GetClosedBy().GetLogin(), i.ClosedAt)
	}
	if i := state("open", ""); i.GetStateReason() != "reopened" || i.ClosedAt != nil || i.ClosedBy != nil {
		t.Errorf("reopened: %s, closed at %v", i.GetStateReason(), i.ClosedAt)
	}
	if i := state("closed", "not_planned"); i.GetStateReason() != "not_planned" {
		t.Errorf("closed as not planned: %s", i.GetStateReason())
	}
	g.ReopenAs("carol", 1)
	g.CloseAs("carol", 1, "duplicate")
	events, _, err := c.Issues.ListIssueEvents(ctx, testOwner, testRepo, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.GetEvent()+" by "+e.GetActor().GetLogin())
	}
	want := []string{
		"closed by support-bot", "reopened by support-bot", "closed by support-bot",
		"reopened by carol", "closed by carol",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events, oldest first: %s", diff)
	}
}

func TestRepositoryEventsAreNewestFirstAndCarryTheIssue(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{CanPush: true})
	g.OpenIssueAs("alice", "one", "", "support")
	g.OpenIssueAs("alice", "two", "")
	g.EditIssueAs("carol", 2, "two, better", "")
	g.CloseAs("carol", 1, "completed")
	g.RelabelAs("carol", 1, []string{"done"}, []string{"SUPPORT"})
	events, _, err := c.Issues.ListRepositoryEvents(context.Background(), testOwner, testRepo, nil)
	if err != nil {
		t.Fatal(err)
	}
	type short struct {
		Event, Label, Rename string
		Issue                int
	}
	var got []short
	for _, e := range events {
		got = append(got, short{e.GetEvent(), e.GetLabel().GetName(), e.GetRename().GetTo(), e.GetIssue().GetNumber()})
	}
	want := []short{
		{"unlabeled", "support", "", 1}, {"labeled", "done", "", 1}, {"closed", "", "", 1},
		{"renamed", "", "two, better", 2}, {"labeled", "support", "", 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestComments(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	createIssue(t, c, "a", "b")
	body := "from Slack"
	mine, _, err := c.Issues.CreateComment(ctx, testOwner, testRepo, 1, &github.IssueComment{Body: &body})
	if err != nil {
		t.Fatal(err)
	}
	g.clock.Advance(time.Minute)
	hers := g.CommentAs("carol", 1, "looking")
	g.clock.Advance(time.Minute)
	body = "from Slack, edited"
	if _, _, err := c.Issues.EditComment(ctx, testOwner, testRepo, mine.GetID(), &github.IssueComment{Body: &body}); err != nil {
		t.Fatal(err)
	}
	list := func(since time.Duration) []string {
		t.Helper()
		from := testStart.Add(since)
		comments, _, err := c.Issues.ListComments(ctx, testOwner, testRepo, 1, &github.IssueListCommentsOptions{Since: &from})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range comments {
			got = append(got, c.GetUser().GetLogin()+": "+c.GetBody())
		}
		return got
	}
	if diff := cmp.Diff([]string{"support-bot: from Slack, edited", "carol: looking"}, list(0)); diff != "" {
		t.Errorf("all, in order of creation: %s", diff)
	}
	if diff := cmp.Diff([]string{"support-bot: from Slack, edited"}, list(2*time.Minute)); diff != "" {
		t.Errorf("since counts edits, to the second: %s", diff)
	}
	_, _, err = c.Issues.EditComment(ctx, testOwner, testRepo, hers, &github.IssueComment{Body: &body})
	if statusOf(err) != http.StatusForbidden {
		t.Errorf("editing somebody else's comment without push: %v, want 403", err)
	}
	if _, err := c.Issues.DeleteComment(ctx, testOwner, testRepo, mine.GetID()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"carol: looking"}, list(0)); diff != "" {
		t.Errorf("after the deletion: %s", diff)
	}
	whole := g.Issue(1)
	if whole.CommentCount != 1 || len(whole.Comments) != 1 {
		t.Errorf("the issue counts %d comments", whole.CommentCount)
	}
}

func TestAnIssueTakes2500Comments(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	createIssue(t, c, "a", "b")
	for range 2499 {
		g.CommentAs("carol", 1, "again")
	}
	body := "one more"
	if _, _, err := c.Issues.CreateComment(ctx, testOwner, testRepo, 1, &github.IssueComment{Body: &body}); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.Issues.CreateComment(ctx, testOwner, testRepo, 1, &github.IssueComment{Body: &body})
	if statusOf(err) != http.StatusForbidden || !strings.Contains(err.Error(), "more than 2500 comments") {
		t.Errorf("the comment after the last gave %v", err)
	}
}

func TestDeletedCommentsAppearInNoPoll(t *testing.T) {
	ctx := context.Background()
	g, c := startGitHub(t, GitHubOptions{})
	g.OpenIssueAs("alice", "a", "")
	id := g.CommentAs("alice", 1, "oops")
	g.clock.Advance(time.Hour)
	since := g.clock.Now()
	g.DeleteCommentAs("alice", id)
	issues, _, err := c.Issues.ListByRepo(ctx, testOwner, testRepo, &github.IssueListByRepoOptions{Since: since})
	if err != nil || len(issues) != 0 {
		t.Errorf("issues since the deletion: %v, %v", issues, err)
	}
	comments, _, err := c.Issues.ListComments(ctx, testOwner, testRepo, 0, &github.IssueListCommentsOptions{Since: &since})
	if err != nil || len(comments) != 0 {
		t.Errorf("comments since the deletion: %v, %v", comments, err)
	}
}

func TestRepositoryCommentsByTimeOfUpdate(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	g.OpenIssueAs("alice", "a", "")
	g.OpenIssueAs("alice", "b", "")
	first := g.CommentAs("alice", 1, "one")
	g.clock.Advance(time.Second)
	g.CommentAs("alice", 2, "two")
	g.clock.Advance(time.Second)
	g.EditCommentAs("alice", first, "one again")
	sort, direction := "updated", "asc"
	comments, _, err := c.Issues.ListComments(context.Background(), testOwner, testRepo, 0,
		&github.IssueListCommentsOptions{Sort: &sort, Direction: &direction})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range comments {
		got = append(got, c.GetBody())
	}
	if diff := cmp.Diff([]string{"two", "one again"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOracleTellsOfEdits(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	createIssue(t, c, "title", "body")
	g.CommentAs("alice", 1, "first")
	g.clock.Advance(1500 * time.Millisecond)
	g.EditIssueAs("carol", 1, "title", "body 2")
	g.EditIssueAs("carol", 1, "title", "body 2")
	g.EditCommentAs("alice", g.Issue(1).Comments[0].ID, "second")
	at := testStart.Add(1500 * time.Millisecond)
	got := g.Issue(1)
	if diff := cmp.Diff([]Edit{{"title", "body", at}}, got.Edits); diff != "" {
		t.Errorf("of the issue: %s", diff)
	}
	if diff := cmp.Diff([]Edit{{"", "first", at}}, got.Comments[0].Edits); diff != "" {
		t.Errorf("of the comment: %s", diff)
	}
	if want := testStart.Add(time.Second); !got.UpdatedAt.Equal(want) {
		t.Errorf("updated at %s, want whole seconds: %s", got.UpdatedAt, want)
	}
}

func TestHooksTellOfIssuesAndComments(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	var got []string
	g.OnIssue(func(i Issue) { got = append(got, "issue "+i.Title) })
	g.OnComment(func(c Comment) { got = append(got, "comment "+c.Body) })
	createIssue(t, c, "by the bot", "")
	g.OpenIssueAs("alice", "by a person", "")
	g.CommentAs("alice", 1, "hi")
	if diff := cmp.Diff([]string{"issue by the bot", "issue by a person", "comment hi"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCallsAreKept(t *testing.T) {
	g, c := startGitHub(t, GitHubOptions{})
	createIssue(t, c, "a", "b")
	want := []GitHubCall{{Operation: "create issue", Method: "POST", Path: "/repos/acme/analytics-support/issues", Status: 201, At: testStart}}
	if diff := cmp.Diff(want, g.Calls()); diff != "" {
		t.Error(diff)
	}
}
