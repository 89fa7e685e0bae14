package sandbox

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A githubKind is what an operation is to authentication and limits.
type githubKind int

const (
	ordinary githubKind = iota
	content             // makes something that people are notified of
	asApp               // takes the app's JWT instead of a token
	free                // does not count against the primary limit
)

// A githubRoute is one operation of the API.
type githubRoute struct {
	pattern   string // method and path, relative to the base
	operation string
	kind      githubKind
	docs      string // its page below docs.github.com/rest/
	do        func(*GitHub, *githubRequest) githubAnswer
}

const inRepository = "/repos/{owner}/{repo}"

// githubRoutes is the whole API of the stand-in. The first pattern that fits is taken; {number} and {id} are
// of digits only.
var githubRoutes = []githubRoute{
	{"GET /user", "get user", ordinary, "users/users#get-the-authenticated-user", (*GitHub).getUser},
	{"GET /app", "get app", asApp, "apps/apps#get-the-authenticated-app", (*GitHub).getApp},
	{"POST /app/installations/{id}/access_tokens", "create token", asApp, "apps/apps#create-an-installation-access-token-for-an-app", (*GitHub).createToken},
	{"GET /rate_limit", "get rate limit", free, "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user", (*GitHub).getRateLimit},

	{"GET " + inRepository, "get repository", ordinary, "repos/repos#get-a-repository", (*GitHub).getRepository},
	{"GET " + inRepository + "/installation", "get installation", asApp, "apps/apps#get-a-repository-installation-for-the-authenticated-app", (*GitHub).getInstallation},

	{"GET " + inRepository + "/issues", "list issues", ordinary, "issues/issues#list-repository-issues", (*GitHub).listIssues},
	{"POST " + inRepository + "/issues", "create issue", content, "issues/issues#create-an-issue", (*GitHub).createIssue},
	{"GET " + inRepository + "/issues/{number}", "get issue", ordinary, "issues/issues#get-an-issue", (*GitHub).getIssue},
	{"PATCH " + inRepository + "/issues/{number}", "edit issue", ordinary, "issues/issues#update-an-issue", (*GitHub).editIssue},

	{"GET " + inRepository + "/issues/{number}/comments", "list comments", ordinary, "issues/comments#list-issue-comments", (*GitHub).listComments},
	{"POST " + inRepository + "/issues/{number}/comments", "create comment", content, "issues/comments#create-an-issue-comment", (*GitHub).createComment},
	{"GET " + inRepository + "/issues/comments", "list repository comments", ordinary, "issues/comments#list-issue-comments-for-a-repository", (*GitHub).listRepositoryComments},
	{"GET " + inRepository + "/issues/comments/{id}", "get comment", ordinary, "issues/comments#get-an-issue-comment", (*GitHub).getComment},
	{"PATCH " + inRepository + "/issues/comments/{id}", "edit comment", ordinary, "issues/comments#update-an-issue-comment", (*GitHub).patchComment},
	{"DELETE " + inRepository + "/issues/comments/{id}", "delete comment", ordinary, "issues/comments#delete-an-issue-comment", (*GitHub).removeComment},

	{"GET " + inRepository + "/issues/{number}/labels", "list issue labels", ordinary, "issues/labels#list-labels-for-an-issue", (*GitHub).listIssueLabels},
	{"POST " + inRepository + "/issues/{number}/labels", "add labels", ordinary, "issues/labels#add-labels-to-an-issue", (*GitHub).addLabels},
	{"PUT " + inRepository + "/issues/{number}/labels", "replace labels", ordinary, "issues/labels#set-labels-for-an-issue", (*GitHub).replaceLabels},
	{"DELETE " + inRepository + "/issues/{number}/labels", "remove labels", ordinary, "issues/labels#remove-all-labels-from-an-issue", (*GitHub).removeLabels},
	{"DELETE " + inRepository + "/issues/{number}/labels/{name}", "remove label", ordinary, "issues/labels#remove-a-label-from-an-issue", (*GitHub).removeLabel},
	{"GET " + inRepository + "/labels", "list labels", ordinary, "issues/labels#list-labels-for-a-repository", (*GitHub).listLabels},
	{"POST " + inRepository + "/labels", "create label", ordinary, "issues/labels#create-a-label", (*GitHub).createLabel},
	{"GET " + inRepository + "/labels/{name}", "get label", ordinary, "issues/labels#get-a-label", (*GitHub).getLabel},

	{"GET " + inRepository + "/issues/{number}/events", "list events", ordinary, "issues/events#list-issue-events", (*GitHub).listEvents},
	{"GET " + inRepository + "/issues/events", "list repository events", ordinary, "issues/events#list-issue-events-for-a-repository", (*GitHub).listRepositoryEvents},
}

// A githubRouter finds routes. http.ServeMux refuses GitHub's own paths: issues/{number}/comments and
// issues/comments/{id} overlap.
type githubRouter []routeEntry

type routeEntry struct {
	*githubRoute
	method   string
	segments []string
}

func newGitHubRouter(routes []githubRoute) githubRouter {
	entries := make(githubRouter, len(routes))
	for n := range routes {
		method, path, _ := strings.Cut(routes[n].pattern, " ")
		entries[n] = routeEntry{&routes[n], method, strings.Split(path[1:], "/")}
	}
	return entries
}

// find returns the route of a call, nil if there is none, and the values in its path.
func (rs githubRouter) find(method string, segments []string) (*githubRoute, map[string]string) {
	for _, entry := range rs {
		if entry.method != method || len(entry.segments) != len(segments) {
			continue
		}
		if values, ok := matchSegments(entry.segments, segments); ok {
			return entry.githubRoute, values
		}
	}
	return nil, nil
}

func matchSegments(pattern, segments []string) (map[string]string, bool) {
	values := map[string]string{}
	for n, want := range pattern {
		name, variable := strings.CutPrefix(want, "{")
		name = strings.TrimSuffix(name, "}")
		switch {
		case !variable && want != segments[n]:
			return nil, false
		case variable && (name == "number" || name == "id") && !isNumber(segments[n]):
			return nil, false
		case variable:
			values[name] = segments[n]
		}
	}
	return values, true
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// A githubRequest is one call as a handler sees it. GitHub.mu is held meanwhile.
type githubRequest struct {
	*http.Request
	route *githubRoute
	path  map[string]string // values from the path
	base  string            // of the API as the client called it, without a slash at the end
	body  []byte
	who   actor     // nobody if Account is nil
	seen  time.Time // what a list may show: nothing written later
	id    string    // X-GitHub-Request-Id
	rate  http.Header
	after []func() // to call when the lock is released
}

func (r *githubRequest) number() int {
	n, _ := strconv.Atoi(r.path["number"]) // digits, or too many of them: no such issue
	return n
}

// A githubAnswer is a status with what is sent as JSON, if it isn't nil.
type githubAnswer struct {
	status int
	body   any
	header http.Header
}

func (r *githubRequest) ok(body any) githubAnswer {
	return githubAnswer{status: http.StatusOK, body: body}
}

func (r *githubRequest) created(body any, location string) githubAnswer {
	return githubAnswer{http.StatusCreated, body, http.Header{"Location": {location}}}
}

type wireError struct {
	Message          string       `json:"message"`
	Errors           []fieldError `json:"errors,omitempty"`
	URL              string       `json:"url,omitempty"`
	DocumentationURL string       `json:"documentation_url"`
	Status           string       `json:"status"`
}

// A fieldError says what is wrong with one field of a request.
type fieldError struct {
	Resource string `json:"resource"`
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message,omitempty"`
	Value    string `json:"value,omitempty"`
}

const githubDocs = "https://docs.github.com/rest"

// refuse is the answer to a call that failed, with the page about its operation.
func (r *githubRequest) refuse(status int, message string, errs ...fieldError) githubAnswer {
	docs := githubDocs
	if r.route != nil {
		docs += "/" + r.route.docs
	}
	return refusal(status, message, docs, errs...)
}

func refusal(status int, message, docs string, errs ...fieldError) githubAnswer {
	return githubAnswer{status: status, body: wireError{
		Message: message, Errors: errs, DocumentationURL: docs, Status: strconv.Itoa(status),
	}}
}

func (r *githubRequest) notFound() githubAnswer { return r.refuse(http.StatusNotFound, "Not Found") }

func (r *githubRequest) invalid(errs ...fieldError) githubAnswer {
	return r.refuse(http.StatusUnprocessableEntity, "Validation Failed", errs...)
}

// decode reads the request's JSON into v. If it can't, the answer says so and failed is true.
func (r *githubRequest) decode(v any) (answer githubAnswer, failed bool) {
	err := json.Unmarshal(r.body, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return githubAnswer{}, false
	case errors.As(err, &wrong) && wrong.Field == "":
		return r.refuse(http.StatusBadRequest, "Body should be a JSON object"), true
	case errors.As(err, &wrong):
		message := fmt.Sprintf("Invalid request.\n\nFor 'properties/%s', %s is not a %s.", wrong.Field, wrong.Value, wrong.Type)
		return r.refuse(http.StatusUnprocessableEntity, message), true
	default:
		return r.refuse(http.StatusBadRequest, "Problems parsing JSON"), true
	}
}

// A GitHubCall is one request that reached a stand-in. Tokens are not kept.
type GitHubCall struct {
	Operation string // "unknown" if the stand-in has no such route
	Method    string
	Path      string // as it was called, with its query
	Status    int    // as answered, or lost on the way; 0 if there is none (yet)
	At        time.Time
	Held      bool // made although the answer to an earlier one said to wait
}

const maxGitHubRequest = 8 << 20 // bytes

// ServeHTTP answers one call of the API.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, values, base := g.find(r)
	call := &GitHubCall{Operation: "unknown", Method: r.Method, Path: r.URL.RequestURI()}
	if route != nil {
		call.Operation = route.operation
	}
	g.change(func() {
		call.At = g.clock.Now()
		g.limits.inFlight++
		if !g.options.ForgetCalls {
			g.calls = append(g.calls, call)
		}
	})
	defer g.change(func() { g.limits.inFlight-- })
	g.Faults.serve(g.clock, call.Operation, w, r, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxGitHubRequest))
		if err != nil {
			http.Error(w, "Payload Too Large", http.StatusRequestEntityTooLarge)
			return
		}
		g.answer(w, &githubRequest{Request: r, route: route, path: values, base: base, body: body}, call)
	})
}

// find returns the route that r asks for, the values in its path, and the base of the API as r calls it. A
// repository may be named by its id.
func (g *GitHub) find(r *http.Request) (*githubRoute, map[string]string, string) {
	path, enterprise := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3/")
	base := "http://" + r.Host
	if enterprise {
		base += "/api/v3"
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) >= 2 && segments[0] == "repositories" {
		g.change(func() {
			if segments[1] == strconv.FormatInt(g.repo.ID, 10) {
				segments = slices.Concat([]string{"repos", g.repo.Owner, g.repo.Name}, segments[2:])
			}
		})
	}
	route, values := g.router.find(r.Method, segments)
	return route, values, base
}

// answer decides and sends the answer to r, and notes its fate in call.
func (g *GitHub) answer(w http.ResponseWriter, r *githubRequest, call *GitHubCall) {
	var lag time.Duration
	if strings.HasPrefix(call.Operation, "list ") {
		lag = g.Faults.lag(call.Operation)
	}
	var a githubAnswer
	g.change(func() {
		r.seen = g.clock.Now().Add(-lag)
		g.begun++
		r.id = fmt.Sprintf("5AD8:%04X:%06X:%06X", g.begun%0xFFFF, g.begun, g.now().Unix()%0xFFFFFF)
		a = g.decide(r, call)
		r.rate = g.limits.header(r.who, g.clock.Now())
	})
	for _, f := range r.after {
		f()
	}
	g.send(w, r, a, call)
}

// decide goes through what stands before each operation, and does it.
func (g *GitHub) decide(r *githubRequest, call *GitHubCall) githubAnswer {
	if r.UserAgent() == "" {
		return refusal(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header", githubDocs+"/using-the-rest-api/getting-started-with-the-rest-api#user-agent")
	}
	if a, failed := g.authenticate(r); failed {
		return a
	}
	if a, refused := g.limits.admit(r, g.clock.Now(), call); refused {
		return a
	}
	if r.route == nil {
		return r.notFound()
	}
	if _, inRepo := r.path["repo"]; inRepo {
		if a, refused := g.enterRepository(r); refused {
			return a
		}
	}
	return r.route.do(g, r)
}

// send writes the answer. A read that has not changed since the client's ETag answers 304, which is free.
func (g *GitHub) send(w http.ResponseWriter, r *githubRequest, a githubAnswer, call *GitHubCall) {
	h := w.Header()
	var body []byte
	if a.body != nil {
		body, _ = json.Marshal(a.body) // of our own types, which can be marshalled
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	for k, v := range a.header {
		h[k] = v
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(body))
		h.Set("ETag", etag)
		h.Set("Cache-Control", "private, max-age=60, s-maxage=60")
		if r.Header.Get("If-None-Match") == etag {
			h.Del("Content-Type")
			a.status, body = http.StatusNotModified, nil
			g.change(func() {
				g.limits.refund(r)
				r.rate = g.limits.header(r.who, g.clock.Now())
			})
		}
	}
	for k, v := range r.rate {
		h[k] = v
	}
	h.Set("X-GitHub-Request-Id", r.id)
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	g.change(func() { call.Status = a.status })
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}
