package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// A token that any careless error would show, of no shape that a secret scanner knows.
const token = "not-a-real-github-token"

var began = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// request is a call as the test's GitHub saw it.
type request struct {
	Method string
	Path   string
	Query  url.Values
	Body   string
}

// fakeGitHub answers by "METHOD path", the path below the base, and keeps the calls.
type fakeGitHub struct {
	*httptest.Server
	t       *testing.T
	answers map[string]http.HandlerFunc

	mu       sync.Mutex
	requests []request
}

func (f *fakeGitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/api/v3")
	f.mu.Lock()
	f.requests = append(f.requests, request{r.Method, path, r.URL.Query(), strings.TrimSpace(string(body))})
	f.mu.Unlock()
	if got := r.Header.Get("Authorization"); got != "Bearer "+token {
		f.t.Errorf("%s %s is called as %q", r.Method, path, got)
	}
	answer := f.answers[r.Method+" "+path]
	if answer == nil {
		f.t.Errorf("unexpected call of %s %s", r.Method, path)
		answer = status(500, "")
	}
	answer(w, r)
}

func (f *fakeGitHub) called() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

const (
	aRepository = `{"id":1,"full_name":"acme/support","has_issues":true,"permissions":{"push":true}}`
	me          = `{"login":"bot","id":7}`
)

// newFake returns a GitHub Enterprise that knows who we are and has the repository, beside what answers say.
func newFake(t *testing.T, answers map[string]http.HandlerFunc) (*fakeGitHub, *Client) {
	t.Helper()
	f := &fakeGitHub{t: t, answers: map[string]http.HandlerFunc{
		"GET /user":               says(me),
		"GET /repos/acme/support": says(aRepository),
	}}
	for k, v := range answers {
		f.answers[k] = v
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	c, err := New(Config{BaseURL: f.URL + "/api/v3/", Repository: "acme/support", Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func says(body string) http.HandlerFunc { return status(200, body) }

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func message(m string) string { return `{"message":"` + m + `"}` }

// newRedactor loads its rules once, which takes a while.
var newRedactor = sync.OnceValues(redact.New)

func redactor(t *testing.T) *redact.Redactor {
	t.Helper()
	r, err := newRedactor()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kind(t *testing.T, c *Client, name string) integrations.Kind {
	t.Helper()
	for _, k := range c.Service(redactor(t), Limits{}).Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return integrations.Kind{}
}

func call(t *testing.T, payload any) integrations.Call {
	t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return integrations.Call{Subject: "ticket:01J", Started: began, Body: b}
}

var (
	aCreate  = CreateIssue{Ticket: "01J", Thread: "T1/C1/1764000000.000100", Title: "Load fails", Body: "It fails.", Labels: []string{"support"}}
	aComment = CreateComment{Number: 5, Ticket: "01J", Message: "1764000001.000200", Body: "And again."}
)

const (
	issueMarker   = "<!-- supportbot ticket=01J thread=T1/C1/1764000000.000100 -->"
	commentMarker = "<!-- supportbot ticket=01J message=1764000001.000200 -->"
	anIssue       = `{"number":5,"html_url":"https://github.example/acme/support/issues/5","labels":[{"name":"support"}]}`
)

func TestConfigIsChecked(t *testing.T) {
	tests := []struct {
		name   string
		config Config
		ok     bool
	}{
		{"a token", Config{Repository: "acme/support", Token: token}, true},
		{"Enterprise", Config{BaseURL: "https://host/api/v3", Repository: "acme/support", Token: token}, true},
		{"neither token nor App", Config{Repository: "acme/support"}, false},
		{"both token and App", Config{Repository: "acme/support", Token: token, App: &App{}}, false},
		{"an App whose key is not there", Config{Repository: "acme/support", App: &App{KeyFile: "no such file"}}, false},
		{"no repository", Config{Token: token}, false},
		{"a repository that leads elsewhere", Config{Repository: "acme/..", Token: token}, false},
		{"a repository with a path", Config{Repository: "acme/support/issues", Token: token}, false},
		{"an address that is none", Config{BaseURL: "github", Repository: "acme/support", Token: token}, false},
		{"an address with a password", Config{BaseURL: "https://u:" + token + "@host/", Repository: "acme/support", Token: token}, false},
		{"another protocol", Config{BaseURL: "file:///etc/", Repository: "acme/support", Token: token}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.config)
			if (err == nil) != tt.ok {
				t.Errorf("error is %v", err)
			}
			if err != nil {
				noSecret(t, err)
			}
		})
	}
}

func TestKindsWrite(t *testing.T) {
	tests := []struct {
		name    string
		kind    string
		payload any
		path    string
		answer  string
		want    string
		result  string
	}{
		{
			"an issue", "github.create_issue", aCreate, "POST /repos/acme/support/issues", anIssue,
			`{"title":"Load fails","body":"It fails.\n\n` + issueMarker + `","labels":["support"]}`,
			`{"number":5,"url":"https://github.example/acme/support/issues/5","labels":["support"]}`,
		},
		{
			"an issue whose labels GitHub dropped for lack of rights", "github.create_issue", aCreate, "POST /repos/acme/support/issues",
			`{"number":5,"html_url":"u","labels":[]}`,
			`{"title":"Load fails","body":"It fails.\n\n` + issueMarker + `","labels":["support"]}`,
			`{"number":5,"url":"u","labels":[]}`,
		},
		{
			"a new text of an issue", "github.edit_issue",
			EditIssue{Number: 5, Ticket: "01J", Thread: "T1/C1/1764000000.000100", Title: "Load", Body: "No."},
			"PATCH /repos/acme/support/issues/5", anIssue, `{"title":"Load","body":"No.\n\n` + issueMarker + `"}`, `{}`,
		},
		{
			"a closed issue", "github.close_issue", CloseIssue{Number: 5, Reason: "not_planned"},
			"PATCH /repos/acme/support/issues/5", anIssue, `{"state":"closed","state_reason":"not_planned"}`, `{}`,
		},
		{
			"a comment", "github.create_comment", aComment, "POST /repos/acme/support/issues/5/comments", `{"id":9,"html_url":"u"}`,
			`{"body":"And again.\n\n` + commentMarker + `"}`, `{"id":9,"url":"u"}`,
		},
		{
			"a new text of a comment", "github.edit_comment",
			EditComment{ID: 9, Ticket: "01J", Message: "1764000001.000200", Body: "No."},
			"PATCH /repos/acme/support/issues/comments/9", `{"id":9}`, `{"body":"No.\n\n` + commentMarker + `"}`, `{}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{tt.path: says(tt.answer)})
			got, err := kind(t, c, tt.kind).Perform(t.Context(), call(t, tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.result, string(got)); diff != "" {
				t.Errorf("result differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, f.called()[0].Body); diff != "" {
				t.Errorf("request differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLabelsOfOthersStay(t *testing.T) {
	have := says(`{"number":5,"labels":[{"name":"support"},{"name":"Turn:Team"},{"name":"by hand"}]}`)
	tests := []struct {
		name    string
		kind    string
		payload any
		want    string
	}{
		{
			"when the issue is closed", "github.close_issue", CloseIssue{Number: 5, Reason: "completed", RemoveLabels: []string{"turn:team"}},
			`{"labels":["support","by hand"],"state":"closed","state_reason":"completed"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{
				"GET /repos/acme/support/issues/5": have, "PATCH /repos/acme/support/issues/5": says(anIssue),
			})
			if _, err := kind(t, c, tt.kind).Perform(t.Context(), call(t, tt.payload)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, f.called()[1].Body); diff != "" {
				t.Errorf("request differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Invariant 3: no secret leaves Slack.
func TestSecretsAreTakenOutOfAllThatIsWritten(t *testing.T) {
	secret := "AKIA" + "QYLPMN5HFIQR7XYA"
	text := "my key is " + secret
	payloads := map[string]any{
		"github.create_issue":   CreateIssue{Ticket: "01J", Thread: "T1/C1/1.1", Title: text, Body: text},
		"github.edit_issue":     EditIssue{Number: 5, Ticket: "01J", Thread: "T1/C1/1.1", Title: text, Body: text},
		"github.create_comment": CreateComment{Number: 5, Ticket: "01J", Message: "1.1", Body: text},
		"github.edit_comment":   EditComment{ID: 9, Ticket: "01J", Message: "1.1", Body: text},
	}
	anything := says(`{"number":5,"id":9}`)
	for name, payload := range payloads {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{
				"POST /repos/acme/support/issues": anything, "PATCH /repos/acme/support/issues/5": anything,
				"POST /repos/acme/support/issues/5/comments": anything, "PATCH /repos/acme/support/issues/comments/9": anything,
			})
			if _, err := kind(t, c, name).Perform(t.Context(), call(t, payload)); err != nil {
				t.Fatal(err)
			}
			for _, r := range f.called() {
				if strings.Contains(r.Body, secret) || !strings.Contains(r.Body, "withheld") {
					t.Errorf("GitHub got %s", r.Body)
				}
			}
		})
	}
}

func TestFailures(t *testing.T) {
	date := began.Format(http.TimeFormat)
	in := func(d time.Duration) string { return strconv.FormatInt(began.Add(d).Unix(), 10) }
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   integrations.Failure
		code   string
		after  time.Duration
	}{
		{"a revoked token", status(401, message("Bad credentials")), integrations.Locked, "401", 0},
		{"a token without second factor", status(401, message("?"), "X-GitHub-OTP", "required; app"), integrations.Locked, "401", 0},
		{"a token without rights", status(403, message("Resource not accessible by integration")), integrations.Locked, "403", 0},
		{"an archived repository", status(403, message("Repository was archived so is read-only.")), integrations.Locked, "403", 0},
		{"a repository that is missing", status(404, message("Not Found")), integrations.Locked, "404", 0},
		{"a repository without issues", status(410, message("Issues are disabled for this repo")), integrations.Locked, "410", 0},
		{"a repository blocked by law", status(451, message("?")), integrations.Locked, "451", 0},
		{"a redirect in a circle", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/api/v3/repos/acme/support/issues")
			w.WriteHeader(301)
		}, integrations.Locked, "redirected in a circle", 0},
		{"a redirect to another host", status(307, "", "Location", "http://elsewhere.example/x?"+token), integrations.Locked, "redirected elsewhere", 0},
		{
			"the primary limit, until its reset by GitHub's clock",
			status(403, message("API rate limit exceeded"), "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute), "Date", date),
			integrations.Limited, "rate limited", 20 * time.Minute,
		},
		{
			"the primary limit as 429",
			status(429, message("API rate limit exceeded"), "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute), "Date", date),
			integrations.Limited, "rate limited", 20 * time.Minute,
		},
		{
			"the primary limit with a reset that is over", // clocks differ, or the header is old
			status(403, message("API rate limit exceeded"), "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(-time.Minute), "Date", date),
			integrations.Limited, "rate limited", time.Minute,
		},
		{
			"the secondary limit with its wait",
			status(403, `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/x#about-secondary-rate-limits"}`, "Retry-After", "90"),
			integrations.Limited, "rate limited", 90 * time.Second,
		},
		{"the secondary limit without a wait", status(403, message("You have exceeded a secondary rate limit")), integrations.Limited, "rate limited", time.Minute},
		{"the secondary limit as 429", status(429, message("?"), "Retry-After", "90"), integrations.Limited, "rate limited", 90 * time.Second},
		{"a limit as validation error", status(422, message("was submitted too quickly")), integrations.Limited, "rate limited", time.Minute},
		{"a wait beyond all limits that there are", status(429, message("?"), "Retry-After", "9999999"), integrations.Limited, "rate limited", time.Hour},
		{"a text that GitHub refuses", status(422, message("Validation Failed")), integrations.Rejected, "422", 0},
		{"a request that GitHub doesn't understand", status(400, message("?")), integrations.Rejected, "400", 0},
		{"a server error", status(500, "<html>"), integrations.Unknown, "500", 0},
		{"a gateway without a server", status(502, ""), integrations.Unknown, "502", 0},
		{"an overloaded server", status(503, ""), integrations.Unknown, "503", 0},
		{"a job that is done later", status(202, "{}"), integrations.Unknown, "broken answer", 0},
		{"an empty answer", status(201, ""), integrations.Unknown, "broken answer", 0},
		{"an answer that names no issue", status(201, "{}"), integrations.Unknown, "broken answer", 0},
		{"an answer that is not JSON", status(201, "<html>"), integrations.Unknown, NotAPI, 0},
		{"an answer that ends in the middle", status(201, `{"number":`), integrations.Unknown, "no answer", 0},
		{"a connection that breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, integrations.Unknown, "no answer", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{"POST /repos/acme/support/issues": tt.answer})
			_, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate))
			e := integrations.AsError(err)
			if e.Failure != tt.want || e.Code != tt.code || e.After != tt.after {
				t.Errorf("got %v %q after %v, want %v %q after %v: %v", e.Failure, e.Code, e.After, tt.want, tt.code, tt.after, err)
			}
			noSecret(t, err)
		})
	}
}

func noSecret(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(err.Error(), token) {
		t.Errorf("the error shows the token: %v", err)
	}
}

func TestErrorsShowNoToken(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"a server that repeats the token in its message", status(422, message("bad token "+token))},
		{"a server that repeats the token in its details", status(422, `{"message":"?","errors":[{"code":"custom","message":"`+token+`"}]}`)},
		{"a status page that repeats the token", status(500, token)},
		{"a redirect whose address holds the token", status(301, "", "Location", "http://127.0.0.1:1/"+token)},
		{"a broken answer that repeats the token", status(201, token)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{"POST /repos/acme/support/issues": tt.answer})
			_, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate))
			if err == nil {
				t.Fatal("no error")
			}
			noSecret(t, err)
		})
	}
}

// go-github refuses calls by itself once it knows that a limit is used up.
func TestALimitThatIsKnownIsARefusalToo(t *testing.T) {
	reset := time.Now().Add(30 * time.Minute)
	f, c := newFake(t, map[string]http.HandlerFunc{"POST /repos/acme/support/issues": status(201, anIssue,
		"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))})
	create := kind(t, c, "github.create_issue").Perform
	if _, err := create(t.Context(), call(t, aCreate)); err != nil {
		t.Fatal(err)
	}
	_, err := create(t.Context(), call(t, aCreate))
	if e := integrations.AsError(err); e.Failure != integrations.Limited || e.After < time.Minute || len(f.called()) != 1 {
		t.Errorf("after %d calls: %v, to wait %v", len(f.called()), err, e.After)
	}
}

func TestAMissingIssueIsNotAMissingRepository(t *testing.T) {
	gone := status(410, message("This issue was deleted"))
	tests := []struct {
		name       string
		issue      http.HandlerFunc
		repository http.HandlerFunc
		want       integrations.Failure
	}{
		{"the issue was deleted", gone, says(aRepository), integrations.Rejected},
		{"the issue is not there", status(404, message("Not Found")), says(aRepository), integrations.Rejected},
		{"the conversation is locked", status(403, message("Unable to create comment because issue is locked.")), says(aRepository), integrations.Rejected},
		{"the issue has too many comments", status(403, message("Commenting is disabled on issues with more than 2500 comments")), says(aRepository), integrations.Rejected},
		{"the repository is missing", status(404, message("Not Found")), status(404, message("Not Found")), integrations.Locked},
		{"issues are disabled", gone, says(`{"id":1,"full_name":"acme/support","has_issues":false}`), integrations.Locked},
		{"the repository can't be read just now", gone, status(500, ""), integrations.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{
				"POST /repos/acme/support/issues/5/comments": tt.issue, "GET /repos/acme/support": tt.repository,
			})
			_, err := kind(t, c, "github.create_comment").Perform(t.Context(), call(t, aComment))
			if got := integrations.AsError(err).Failure; got != tt.want {
				t.Errorf("got %v, want %v: %v", got, tt.want, err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c, err := New(Config{BaseURL: "http://" + l.Addr().String(), Repository: "acme/support", Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Probe(t.Context()); integrations.AsError(err).Failure != integrations.Unreachable {
		t.Errorf("a refused connection is not Unreachable: %v", err)
	}
}

func TestTimeouts(t *testing.T) {
	t.Run("after the request was sent is Unknown", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, c := newFake(t, map[string]http.HandlerFunc{"POST /repos/acme/support/issues": func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}})
		_, err := kind(t, c, "github.create_issue").Perform(ctx, call(t, aCreate))
		if integrations.AsError(err).Failure != integrations.Unknown {
			t.Errorf("got %v", err)
		}
	})
	t.Run("before the request was sent is Unreachable", func(t *testing.T) {
		_, c := newFake(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := kind(t, c, "github.create_issue").Perform(ctx, call(t, aCreate))
		if integrations.AsError(err).Failure != integrations.Unreachable {
			t.Errorf("got %v", err)
		}
	})
}

func TestARenameIsFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 307, 308} {
		for _, location := range []string{"/api/v3/repositories/1/issues", "/api/v3/repos/acme/support/issues2"} {
			t.Run(fmt.Sprint(code, " to ", location), func(t *testing.T) {
				moved := strings.TrimPrefix(location, "/api/v3")
				f, c := newFake(t, map[string]http.HandlerFunc{
					"POST /repos/acme/support/issues": status(code, "", "Location", location),
					"POST " + moved:                   status(201, anIssue),
				})
				if _, err := kind(t, c, "github.create_issue").Perform(t.Context(), call(t, aCreate)); err != nil {
					t.Fatal(err)
				}
				calls := f.called()
				if last := calls[len(calls)-1]; last.Body != calls[0].Body || last.Body == "" {
					t.Errorf("the body %q arrived as %q", calls[0].Body, last.Body)
				}
			})
		}
	}
}

// Invariant 4: what was meant for one repository is not published in another.
func TestATransferredIssueIsNotFollowed(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{
		"POST /repos/acme/support/issues/5/comments": status(301, "", "Location", "/api/v3/repositories/2/issues/8/comments"),
	})
	_, err := kind(t, c, "github.create_comment").Perform(t.Context(), call(t, aComment))
	if e := integrations.AsError(err); e.Failure != integrations.Rejected || e.Code != "transferred" {
		t.Errorf("got %v", err)
	}
	for _, r := range f.called() {
		if strings.HasPrefix(r.Path, "/repositories/2") {
			t.Errorf("called %s", r.Path)
		}
	}
}

func TestRepository(t *testing.T) {
	_, c := newFake(t, map[string]http.HandlerFunc{"GET /repos/acme/support": says(
		`{"id":1,"full_name":"acme/help","visibility":"internal","private":true,"has_issues":true,"archived":true,"permissions":{"triage":true}}`)})
	got, err := c.Repository(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Repository{FullName: "acme/help", Visibility: "internal", Private: true, HasIssues: true, Archived: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("repository differs (-want +got):\n%s", diff)
	}
	if err := c.Probe(t.Context()); integrations.AsError(err).Failure != integrations.Locked {
		t.Errorf("an archived repository works again: %v", err)
	}
}

func TestLimitsKeepThePublishedOnes(t *testing.T) {
	l := integrations.NewLimiter(Limits{WritesPerMinute: 55, CreationsPerHour: 500}.limits())
	now := began
	for range 400 {
		l.Started(laneComment, now)
		now = now.Add(2 * time.Second)
	}
	held := l.Held(now).Lanes
	if _, issue := held[laneIssue]; issue || held[laneComment].IsZero() {
		t.Errorf("after 400 creations in an hour the held lanes are %v, want comment alone", held)
	}
	if got := (Limits{}).limits(); len(got) > 0 {
		t.Errorf("a server of one's own is limited by %+v", got)
	}
}

func TestObservedAnswersKeepPlanningGoing(t *testing.T) {
	_, c := newFake(t, nil)
	for _, k := range c.Service(redactor(t), Limits{}).Kinds {
		if got := k.Observed(call(t, aCreate)); !json.Valid(got) {
			t.Errorf("%s: made-up answer is %q", k.Name, got)
		}
	}
}
